"""What a person typed → a command; pure.

Verb first, target second. Curly quotes, long dashes and full-width punctuation mean
what they look like, and Slack's own wrapping of links, channels and people is undone.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from typing_extensions import override

LONGEST = 1000
"""The longest text that is read, in characters; no question needs more."""


class Verb(StrEnum):
    """What can be done."""

    STATUS = "status"
    LIST = "list"
    HELP = "help"


SYNONYMS = {
    "st": Verb.STATUS,
    "show": Verb.STATUS,
    "runs": Verb.LIST,
    "builds": Verb.LIST,
    "ls": Verb.LIST,
    "?": Verb.HELP,
    "usage": Verb.HELP,
}
"""Other words for the verbs, as users of other bots type them."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked; without a target, everything is meant."""

    verb: Verb
    targets: tuple[str, ...] = ()

    @override
    def __str__(self) -> str:
        """Return the command as it would be typed; `parse` reads it back."""
        return " ".join((self.verb.value, *(_quoted(t) for t in self.targets)))


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
        "\u3000": " ",
        "\u00a0": " ",
    }
)
_TOKEN = re.compile(r"""((?:[^\s"]|"[^"]*(?:"|$))+)""")
# https://docs.slack.dev/messaging/formatting-message-text: <url|label>, <#C1|name>
_WRAPPED = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def parse(text: str) -> Command | Unclear:
    """Return the command in a text; any text at all gives one or says what is wrong."""
    words = tokens(text[:LONGEST])
    if not words:
        return Command(Verb.STATUS)
    word, *targets = words
    verb = _verb(word)
    if verb is not None:
        return Command(verb, tuple(targets))
    near = get_close_matches(word.casefold(), [*Verb, *SYNONYMS], n=2, cutoff=0.6)
    verbs = dict.fromkeys(v for n in near if (v := _verb(n)) is not None)
    # A word that is no verb may well be a target: "runs release" is a fair question.
    meant = [Command(v, tuple(targets)) for v in verbs]
    meant.append(Command(Verb.STATUS, tuple(words)))
    return Unclear(f"“{word}” is not something I can do.", tuple(map(str, meant)))


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text; what stands in quotes stays together."""
    plain = html.unescape(_WRAPPED.sub(_unwrap, text.translate(_LOOKALIKES)))
    found = (match.group(1).replace('"', "") for match in _TOKEN.finditer(plain))
    return tuple(word for word in found if word)


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
