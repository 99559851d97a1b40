"""`runbell init`: a few questions → a commented runbell.yml that loads.

Secrets are never asked for: the file refers to variables, which are then named.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError, create_model

from bot.settings import Settings, explain
from bot.settings.document import Document, Written
from bot.settings.naming import check_connection_name
from bot.settings.references import is_reference
from bot.setup.prose import prose
from bot.setup.ways import ONLY, WAYS, Way
from providers.settings import ConnectionSettings

if TYPE_CHECKING:
    from providers.kind import Kind

WIDTH = 88
_VARIABLE = re.compile(r"\$\{(\w+)\}")

HEAD = """\
# Runbell's configuration. runbell.example.yml shows every setting there is, and
# docs/configuration.md explains them.
#
# Secrets never stand in this file: ${NAME} is taken from the environment, and
# file:/path/to/the/secret from a file. Slack's tokens need no line here: they are taken
# from SLACK_BOT_TOKEN and SLACK_APP_TOKEN by themselves.
"""
TAIL = """
# Words that stand for several targets, and for one: `{command} status payments`.
#groups:
#  payments: ["{connection}:payments-*"]
#aliases:
#  nightly: "{connection}:nightly build"
"""


class NoAnswerLeft(Exception):
    """The answers ended before this question, which has no default."""


Read = Callable[[str], str]
"""Shows a prompt and returns the line that is typed; `EOFError` at the end."""

Check = Callable[[str], str | None]
"""Returns what is wrong with an answer; `None` where nothing is."""


@dataclass(frozen=True, slots=True)
class Interview:
    """One who is asked, a question at a time, until the answer is right."""

    read: Read
    say: Callable[[str], None]

    def ask(self, name: str, check: Check, *, default: str | None = None) -> str:
        """Return an answer that is right.

        Raises:
            NoAnswerLeft: there is no more answer, and no default.

        """
        shown = f"{name} [{default}]: " if default is not None else f"{name}: "
        while True:
            try:
                answer = self.read(shown).strip()
            except EOFError:
                if default is None:
                    raise NoAnswerLeft(name) from None
                return default
            if not answer and default is not None:
                return default
            problem = check(answer) if answer else "an answer is needed"
            if problem is None:
                return answer
            self.say(f"  {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connection as it is to be written."""

    kind: Kind
    name: str
    values: Mapping[str, str] = field(default_factory=dict)


def interview(one: Interview, kinds: Mapping[str, Kind]) -> str:
    """Ask what is needed, and return the configuration's text.

    Raises:
        NoAnswerLeft: the answers ended too early.

    """
    drafts: list[Draft] = []
    for kind in _kinds(one, kinds):
        drafts.append(_draft(one, kind, [draft.name for draft in drafts]))
    one.say("")
    general = {}
    for name in ("timezone", "command"):
        one.say(prose(Settings)[name])
        known = Settings.model_fields[name]
        check = _checked(Settings, name)
        general[name] = one.ask(name, check, default=str(known.default))
    return "\n".join(_written(general, drafts))


def variables(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a configuration takes values from."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return tuple(dict.fromkeys(_VARIABLE.findall("\n".join(lines))))


def _kinds(one: Interview, kinds: Mapping[str, Kind]) -> list[Kind]:
    one.say("Which providers? Their numbers or names, separated by commas.")
    names = list(kinds)
    for number, (name, kind) in enumerate(kinds.items(), 1):
        one.say(f"  {number}  {name:<18} {kind.provider.title}")
    answer = one.ask("providers", lambda typed: _unknown(_words(typed), names))
    return [kinds[_chosen(word, names)] for word in _words(answer)]


def _draft(one: Interview, kind: Kind, taken: Collection[str]) -> Draft:
    model = kind.settings
    about = prose(model)
    one.say(f"\n{kind.provider.title}: a name of your choice for this connection.")
    free = (f"{kind.name}-{number}" for number in range(2, len(taken) + 3))
    default = next(n for n in (kind.name, *free) if n not in taken)
    name = one.ask("name", lambda typed: _bad_name(typed, taken), default=default)
    way = _way(one, kind)
    values: dict[str, str] = dict(way.fixed)
    for setting, known in model.model_fields.items():
        if setting not in way.needed and not known.is_required():
            continue
        if explain.secret_place(model, (setting,)):
            values[setting] = _variable(name, setting)
        else:
            one.say(about.get(setting, setting))
            values[setting] = one.ask(setting, _checked(model, setting))
    return Draft(kind=kind, name=name, values=values)


def _way(one: Interview, kind: Kind) -> Way:
    ways = WAYS.get(kind.name, ONLY)
    if len(ways) == 1:
        return ways[0]
    one.say("By which credential?")
    for number, way in enumerate(ways, 1):
        one.say(f"  {number}  {way.name:<10} {way.label}")
    names = [way.name for way in ways]
    chosen = one.ask(
        "credential", lambda typed: _unknown([typed], names), default=names[0]
    )
    return ways[names.index(_chosen(chosen, names))]


def _words(typed: str) -> list[str]:
    return re.findall(r"[\w-]+", typed.lower())


def _chosen(typed: str, names: list[str]) -> str:
    """Return the name that a name or a number, counted from 1, stands for."""
    is_number = typed.isdecimal() and 1 <= int(typed) <= len(names)
    return names[int(typed) - 1] if is_number else typed.lower()


def _unknown(typed: list[str], names: list[str]) -> str | None:
    odd = [word for word in typed if _chosen(word, names) not in names]
    wanted = f"write {', '.join(names)}, or their numbers"
    return f"{', '.join(odd)}: {wanted}" if odd else (None if typed else wanted)


def _bad_name(name: str, taken: Collection[str]) -> str | None:
    if name in taken:
        return f"{name} is taken already"
    document = Document("")
    check_connection_name(document, ("connections", name), name)
    return next((f"{p.what}; {p.instead}" for p in document.problems), None)


def _checked(model: type[BaseModel], name: str) -> Check:
    """Return what checks one setting as the whole would, but for the others."""
    # Of our own base, whose rules (no addresses without TLS) hold for each setting.
    base = ConnectionSettings if issubclass(model, ConnectionSettings) else BaseModel
    known = model.model_fields[name]
    fields: dict[str, Any] = {name: (known.annotation, known)}
    alone: type[BaseModel] = create_model("Alone", __base__=base, **fields)

    def check(typed: str) -> str | None:
        if is_reference(typed):
            return None
        document = Document("", written={(name,): Written(1, typed)})
        try:
            alone.model_validate({name: typed})
        except ValidationError as error:
            explain.note(error, alone, document, ())
        return next((f"{p.what}; {p.instead}" for p in document.problems), None)

    return check


def _variable(connection: str, setting: str) -> str:
    # No variable's name begins with a digit.
    start = connection if connection[0].isalpha() else f"c_{connection}"
    return explain.reference(("connections", start, setting))


def _written(general: Mapping[str, str], drafts: list[Draft]) -> Iterator[str]:
    yield HEAD
    for name, value in general.items():
        yield from _setting(name, value, prose(Settings), "")
        yield ""
    yield "connections:"
    for draft in drafts:
        about = prose(draft.kind.settings)
        yield from _comment(draft.kind.provider.title, "  ")
        yield f"  {draft.name}:"
        yield f"    kind: {draft.kind.name}"
        for name, value in draft.values.items():
            yield from _setting(name, value, about, "    ")
        yield ""
    yield TAIL.lstrip("\n").format(
        connection=drafts[0].name, command=general["command"]
    )


def _setting(
    name: str, value: str, about: Mapping[str, str], indent: str
) -> Iterator[str]:
    yield from _comment(about.get(name, ""), indent)
    # YAML's own writer knows which texts need quotes.
    line = yaml.safe_dump({name: value}, allow_unicode=True, width=10_000)
    yield f"{indent}{line.rstrip()}"


def _comment(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
    )
