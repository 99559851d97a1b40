"""What stands behind a target: where (`in #ci`), and until when (`for 2h`); pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from bot.commands.times import Until, read_until
from bot.filters import Filters
from bot.terms import LONGEST_LENGTH
from bot.tokens import Token
from bot.vocabulary import Verb

PLACED = frozenset(
    {
        *(Verb.WATCH, Verb.UNWATCH, Verb.WATCHES, Verb.TEST),
        *(Verb.MUTE, Verb.UNMUTE, Verb.MUTES, Verb.ACK, Verb.UNACK, Verb.FOLLOW),
    }
)
"""The verbs that are about a channel: `in #ci` may follow the target."""

ENDING = frozenset({Verb.MUTE})
"""The verbs that end: `for 2h` or `until …` may follow the target."""

# What Slack calls channels, conversations and people.
_PLACE = re.compile(r"[#@]?([CDGUW](?=[A-Z]*[0-9])[A-Z0-9]+)")
IN = "in"
CLAUSES = frozenset({IN, "for", "until"})
"""The words that such a clause begins with."""


class Other(TypedDict, total=False):
    """What may be meant instead, in a command that says it more than once."""

    filters: Filters
    target: str | None
    channel: str | None
    until: Until | None


@dataclass(slots=True)
class Clauses:
    """What stands behind a target, and the words that are left of it."""

    rest: list[Token]
    channels: list[tuple[str, str]] = field(default_factory=list)
    """Slack's id of each channel that is named, and what was typed."""
    ends: list[Until] = field(default_factory=list)
    wrong: str = ""
    instead: tuple[Other, ...] = ()

    @property
    def channel(self) -> str | None:
        """Slack's id of the channel it is about."""
        return self.channels[-1][0] if self.channels else None

    @property
    def until(self) -> Until | None:
        """When it ends."""
        return self.ends[-1] if self.ends else None

    def fail(self, wrong: str, *instead: Other) -> None:
        """Say what is wrong; of several things, the first."""
        if not self.wrong:
            self.wrong, self.instead = wrong, instead


def clauses(verb: Verb | None, words: list[Token]) -> Clauses:
    """Return what stands behind a target, of the words that are no filters.

    What is wrong with it, or said twice and differently, is in `wrong`.
    """
    found = Clauses([])
    left = words
    while left:
        word = left[0].bare.casefold()
        taken = 0
        if verb in PLACED and word == IN and len(left) > 1:
            taken = _take_place(found, left[1])
        elif verb in ENDING and word in CLAUSES:
            taken = _take_end(found, left)
        if not taken:
            found.rest.append(left[0])
        left = left[taken or 1 :]
    _check_once(found)
    if verb in ENDING and not found.ends:
        _check_ends(found)
    return found


def _check_once(found: Clauses) -> None:
    """Refuse what is said twice, and differently: nobody knows which one counts."""
    channels = dict(found.channels)
    if len(channels) > 1:
        named = " and ".join(channels.values())
        found.fail(
            f"Several channels are named, {named}: one command is about one of them.",
            *(Other(channel=channel) for channel in channels),
        )
    ends = tuple(dict.fromkeys(found.ends))
    if len(ends) > 1:
        named = " and ".join(f"“{until}”" for until in ends)
        found.fail(
            f"Several ends are named, {named}: which one do you mean?",
            *(Other(until=until) for until in ends),
        )


def _check_ends(found: Clauses) -> None:
    """Refuse an end that lacks its `for` or `until`: it would be part of the target."""
    for start in (-2, -1):
        before, words = found.rest[:start], [w.bare for w in found.rest[start:]]
        read = _bare_end(words) if before and len(words) == -start else None
        if read is not None:
            said = " ".join(words)
            clause = str(read).partition(" ")[0]
            target = " ".join(word.text for word in before)
            found.fail(
                f"“{said}” lacks the word “{clause}” in front of it. In a name, it "
                "stands in quotes.",
                Other(target=target, until=read),
            )
            return


def _bare_end(words: Sequence[str]) -> Until | None:
    for clause in ("for", "until"):
        read = read_until([clause, *words])
        if read is not None and read[1] == len(words) + 1:
            return read[0]
    return None


def _take_place(found: Clauses, word: Token) -> int:
    place = _PLACE.fullmatch(word.slack_id or word.text)
    if place is not None:
        found.channels.append((place[1], word.text))
    elif word.bare.startswith(("#", "@")) or word.text.startswith("@"):
        found.fail(
            f"I was not told which channel {word.text} is: pick it from the list that "
            "opens as you type #, or type its id, which its details end with."
        )
    else:
        return 0
    return 2


def _take_end(found: Clauses, words: list[Token]) -> int:
    # What is quoted stands as it is, and is no time.
    read = read_until([word.bare for word in words[:3]])
    if read is not None:
        until, taken = read
        found.ends.append(until)
        return taken
    clause = words[0].bare.casefold()
    said = words[1].text if len(words) > 1 else ""
    if clause in _NO_END:
        found.fail(f"“{' '.join(filter(None, (clause, said)))}” {_NO_END[clause]}")
        return 2
    return 0


_NO_END = {
    "until": "does not say until when: say until fixed, until tomorrow, until mon "
    "09:00, until 2026-12-24, or for 2h. In a name, it stands in quotes.",
    "for": "does not say for how long: say for 30m, for 2h, or for as much as "
    f"{LONGEST_LENGTH.days}d. In a name, it stands in quotes.",
}
