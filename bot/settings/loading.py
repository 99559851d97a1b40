"""Reading, resolving, checking and explaining, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.settings import explain
from bot.settings.database import database
from bot.settings.document import Document
from bot.settings.naming import (
    check_connection_name,
    check_watched,
    check_words,
)
from bot.settings.plain_yaml import read
from bot.settings.problems import Loc, Problem, did_you_mean, place, shown
from bot.settings.references import hide, is_reference, resolve
from bot.settings.slack import (
    VARIABLES,
    Origin,
    Place,
    SlackSettings,
    from_environment,
)
from bot.settings.tree import Settings
from bot.settings.watches import repeated
from providers.settings import ConnectionSettings

if TYPE_CHECKING:
    from providers.kind import Kind

M = TypeVar("M", bound=BaseModel)

TOKENS: Mapping[Loc, str] = {("slack", name): name for name in VARIABLES}
"""Where the file may hold Slack's tokens → their names."""


def load(
    path: Path,
    environ: Mapping[str, str],
    kinds: Mapping[str, Kind],
    *,
    for_slack: bool = False,
) -> Settings:
    """Return the settings of a file and an environment.

    Args:
        path: The configuration; `file:` references and the path of the database are
            relative to its folder.
        environ: The environment: for `${NAME}`, Slack's tokens and the database.
        kinds: The kinds of provider there are, by name.
        for_slack: Whether what keeps Runbell from talking to Slack is a problem too;
            otherwise `Settings.require_slack` says it.

    Raises:
        SettingsError: with every problem there is.

    """
    document = read(path)
    unset: dict[str, Problem] = {}

    def later(loc: Loc, what: str, instead: str) -> bool:
        """Keep what only Slack needs: the terminal works without it."""
        if loc not in TOKENS:
            return False
        problem = Problem(document.file, document.line(loc), place(loc), what, instead)
        unset[TOKENS[loc]] = problem
        return True

    resolve(document, environ, path.parent, later)
    # A section whose entries are all commented out is as good as not written.
    document.data = {k: v for k, v in document.data.items() if v is not None}
    connections = _connections(document, kinds)
    check_words(document, _names(document))
    check_watched(document, _names(document))
    parts: dict[str, Any] = {
        "connections": connections,
        "database": database(document, environ, path.parent),
    }
    if slack := _slack(document, environ):
        slack.remember(Origin(_places(document), unset))
        document.problems += slack.problems() if for_slack else ()
        parts["slack"] = slack
    rest = {k: v for k, v in document.data.items() if k not in {"connections", "slack"}}
    settings = _validated(Settings, rest | parts, document, ())
    _refuse_repeated(document, settings)
    document.raise_problems()
    assert settings is not None  # noqa: S101 - whatever failed is a problem by now
    return settings


def _validated(
    model: type[M], data: Mapping[str, Any], document: Document, loc: Loc
) -> M | None:
    """Return the model of the data, or `None` after noting what is wrong with it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        explain.note(error, model, document, loc)
        return None


def _slack(document: Document, environ: Mapping[str, str]) -> SlackSettings | None:
    """Return the Slack part; what the file says goes before the environment."""
    loc = ("slack",)
    written = document.data.get("slack", {})
    if not isinstance(written, dict):
        _refuse_no_section(document, loc)
        return None
    _refuse_clear_text(document, loc, SlackSettings)
    there = {name: value for name, value in written.items() if value is not None}
    data = from_environment(environ) | there
    return _validated(SlackSettings, data, document, loc)


def _connections(
    document: Document, kinds: Mapping[str, Kind]
) -> Mapping[str, ConnectionSettings]:
    loc = ("connections",)
    written = document.data.get("connections")
    if not written and not document.is_broken(loc):
        instead = "write one below `connections:`, as runbell.example.yml shows"
        document.report(loc, "there is no connection to ask", instead)
    elif not isinstance(written, dict):
        _refuse_no_section(document, loc)
    found = {name: _connection(document, kinds, name) for name in _names(document)}
    return {name: settings for name, settings in found.items() if settings}


def _connection(
    document: Document, kinds: Mapping[str, Kind], name: str
) -> ConnectionSettings | None:
    loc = ("connections", name)
    check_connection_name(document, loc, name)
    written = document.data["connections"][name]
    values = {} if written is None else written
    if not isinstance(values, dict):
        _refuse_no_section(document, loc)
        return None
    kind = kinds.get(_kind(document, loc, values, kinds))
    if kind is None:
        return None
    _refuse_clear_text(document, loc, kind.settings)
    return _validated(kind.settings, values, document, loc)


def _kind(
    document: Document, loc: Loc, values: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> str:
    """Return what is written as the kind, after noting what is wrong with it."""
    kind, here = values.get("kind"), (*loc, "kind")
    if kind is None:
        instead = f"add `kind: …` with one of: {', '.join(sorted(kinds))}"
        document.report(here, "is missing", instead)
    elif not document.is_broken(here) and str(kind) not in kinds:
        written = shown(document.written[here].text or "…")
        instead = did_you_mean(str(kind), kinds)
        document.report(here, f"{written} is no kind of provider", instead)
    return str(kind)


def _refuse_no_section(document: Document, loc: Loc) -> None:
    if not document.is_broken(loc):
        what, instead = "this is no section", explain.SECTION
        document.report(loc, what, instead)


def _refuse_clear_text(document: Document, loc: Loc, model: type[BaseModel]) -> None:
    """Note the secrets that stand in the file itself."""
    for here, text in document.leaves():
        inside = explain.secret_place(model, here[len(loc) :])
        if here[: len(loc)] != loc or inside is None:
            continue
        secret = loc + inside
        if not text.strip() or is_reference(text):
            continue
        hide(document, text)
        if not document.is_broken(secret):
            wanted = explain.reference(secret)
            what = "a secret stands here in clear text"
            instead = f"write {wanted} and export {wanted[2:-1]}, or use file:"
            document.report(secret, what, instead)


def _refuse_repeated(document: Document, settings: Settings | None) -> None:
    """Note the watches that would ring twice."""
    for position, first in repeated(settings.watches if settings else ()):
        line = document.line(("watches", first))
        what = f"this is the same watch as the one in line {line}"
        document.report(("watches", position), what, "delete one of them")


def _names(document: Document) -> tuple[str, ...]:
    connections = document.data.get("connections")
    return tuple(connections) if isinstance(connections, dict) else ()


def _places(document: Document) -> Mapping[str, Place]:
    """Return where the tokens stand that the file holds references to."""
    return {
        name: Place(document.file, document.line(loc), place(loc))
        for loc, name in TOKENS.items()
        if loc in document.written and document.written[loc].text
    }
