"""What a person typed → a command; pure.

Verb first, target second, filters anywhere. Curly quotes, long dashes and full-width
punctuation mean what they look like, and Slack's own wrapping of links, channels and
people is undone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from typing_extensions import override

from bot.filters import ALL, Bad, Filters, Term, read_term

LONGEST = 1000
"""The longest text that is read, in characters; no question needs more."""


class Verb(StrEnum):
    """What can be done."""

    STATUS = "status"
    LIST = "list"
    SHOW = "show"
    LOG = "log"
    HEALTH = "health"
    HELP = "help"


SYNONYMS = {
    "st": Verb.STATUS,
    "runs": Verb.LIST,
    "builds": Verb.LIST,
    "ls": Verb.LIST,
    "run": Verb.SHOW,
    "logs": Verb.LOG,
    "tail": Verb.LOG,
    "ping": Verb.HEALTH,
    "doctor": Verb.HEALTH,
    "?": Verb.HELP,
    "usage": Verb.HELP,
}
"""Other words for the verbs, as users of other bots type them."""

OF_ONE_RUN = frozenset({Verb.SHOW, Verb.LOG})
"""The verbs that take a run: a number may follow the target."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked; without a target, everything is meant."""

    verb: Verb | None = None
    """`None` asks for what is red, running and waiting."""
    target: str | None = None
    run: str | None = None
    """The number or id of a run, for the verbs that take one."""
    filters: Filters = ALL

    @override
    def __str__(self) -> str:
        """Return the command as it would be typed; `parse` reads it back."""
        run = f"#{self.run}" if self.run else None
        said = (self.verb, self.target and _quoted(self.target), run, self.filters)
        return " ".join(str(part) for part in said if part)


@dataclass(frozen=True, slots=True)
class Unclear:
    """Text that is no command."""

    what: str
    """What is wrong, in words for a person."""
    instead: tuple[str, ...] = ()
    """Commands that may have been meant."""


_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("“”„‟″＂", '"'),
        **dict.fromkeys("‘’‚‛′＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
        **dict.fromkeys("：﹕", ":"),
        **dict.fromkeys("，、﹐", ","),
        "？": "?",
        "\u3000": " ",
        "\u00a0": " ",
    }
)
_TOKEN = re.compile(r"""((?:[^\s"]|"[^"]*(?:"|$))+)""")
# https://docs.slack.dev/messaging/formatting-message-text: <url|label>, <#C1|name>
_WRAPPED = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def parse(text: str) -> Command | Unclear:
    """Return the command in a text; any text at all gives one or says what is wrong."""
    words = list(tokens(text[:LONGEST]))
    verb = _verb(words[0]) if words else None
    if verb is not None:
        words = words[1:]
    elif words and is_url(words[0]):
        verb = Verb.SHOW
    terms: list[Term] = []
    targets: list[str] = []
    for word in words:
        term = read_term(word)
        if isinstance(term, Bad):
            return _bad(term, word, text)
        if term is None:
            targets.append(word)
        else:
            terms.append(term)
    if verb is None and targets:
        return _no_verb(targets, Filters(tuple(terms)))
    return _command(verb, targets, Filters(tuple(terms)))


def typed(verb: Verb, words: Sequence[str]) -> str:
    """Return a command as it would be typed, of words that may hold spaces."""
    return " ".join((verb, *map(_quoted, words)))


def is_url(word: str) -> bool:
    """Return whether a word is a pasted address."""
    return word.startswith(("https://", "http://"))


def _command(verb: Verb | None, targets: list[str], filters: Filters) -> Command:
    run: str | None = None
    if verb in OF_ONE_RUN and targets and not is_url(targets[0]):
        head, mark, number = targets[-1].rpartition("#")
        if mark and number:
            run, targets = number, [*targets[:-1], *([head] if head else [])]
        elif len(targets) > 1 and targets[-1].isdecimal():
            run, targets = targets[-1], targets[:-1]
    return Command(verb, " ".join(targets) or None, run, filters)


def _bad(bad: Bad, word: str, text: str) -> Unclear:
    plain = " ".join(_quoted(token) for token in tokens(text[:LONGEST]))
    instead = (plain.replace(_quoted(word), other, 1) for other in bad.instead)
    return Unclear(bad.what, tuple(instead))


def _no_verb(words: list[str], filters: Filters) -> Unclear:
    word, *rest = words
    near = get_close_matches(word.casefold(), [*Verb, *SYNONYMS], n=2, cutoff=0.6)
    verbs = dict.fromkeys(v for n in near if (v := _verb(n)) is not None)
    # A word that is no verb may well be a target: "runs release" is a fair question.
    meant = [_command(verb, list(rest), filters) for verb in verbs]
    meant.append(_command(Verb.STATUS, words, filters))
    return Unclear(f"“{word}” is not something I can do.", tuple(map(str, meant)))


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text; what stands in quotes stays together."""
    plain = _unescape(_WRAPPED.sub(_unwrap, text.translate(_LOOKALIKES)))
    found = (match.group(1).replace('"', "") for match in _TOKEN.finditer(plain))
    return tuple(word for word in found if word)


def _unescape(text: str) -> str:
    """Undo the three escapes that Slack makes, and no other; once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unwrap(match: re.Match[str]) -> str:
    inner, label = match.group(1), match.group(2)
    if inner.startswith("#"):
        return f"#{label or inner[1:]}"
    if inner.startswith("@"):
        return f"@{label or inner[1:]}"
    return inner


def _verb(word: str) -> Verb | None:
    folded = word.casefold()
    if folded in set(Verb):
        return Verb(folded)
    return SYNONYMS.get(folded)


def _quoted(word: str) -> str:
    return f'"{word}"' if re.search(r"\s", word) else word
