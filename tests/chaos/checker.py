"""The two ledgers compared: lost, doubled, invented, out of order; and how soon.

It shares no code with the watch, and judges by what people in a channel would see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.cards import SUMS, Cards
from tests.chaos.ledger import (
    Change,
    Form,
    Ledgers,
    News,
    Said,
    changes,
    key,
    turn,
    words,
)

RINGS = {
    News.BROKEN: frozenset({Form.POST}),
    News.FIXED: frozenset({Form.POST, Form.REPLY}),
}
"""Where news counts as told by itself. An edit rings nobody; nor does a thread, of a
break, since nobody follows it yet."""

_BY_ITSELF = frozenset({Form.POST, Form.REPLY, Form.LOG})


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, a sentence each; and how long each change took to be told."""

    expected: int
    """Changes that had to be told."""
    summed: int
    """Those of them that were told in sum alone: by a message for many, which names
    that change or a later one."""
    unseen: int
    """Failures that a machine retried until they were good before anybody looked: they
    had not to be told, and were not."""
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    invented: tuple[str, ...]
    out_of_order: tuple[str, ...]
    times: tuple[tuple[datetime, datetime], ...]
    """Of each change that was told: when it truly came, and when Slack accepted it."""

    @property
    def kinds(self) -> dict[str, tuple[str, ...]]:
        """What is wrong, by the word for it."""
        return {
            "lost": self.lost,
            "doubled": self.doubled,
            "invented": self.invented,
            "out of order": self.out_of_order,
        }

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.kinds.values())

    @property
    def took(self) -> list[timedelta]:
        """How long each change took to be told."""
        return [told - happened for happened, told in self.times]


def compare(ledgers: Ledgers) -> Found:
    """Return what a channel was told, held against what truly happened."""
    true, said = changes(ledgers.ends), ledgers.said
    unseen = _unseen(true, said)
    due = [change for change in true if change not in unseen]
    told, cards = _told(said), Cards.of(due, said)
    untold = [change for change in due if key(change) not in told]
    summed = [change for change in untold if _is_summed(change, said)]
    return Found(
        expected=len(due),
        summed=len(summed),
        unseen=len(unseen) // 2,
        lost=(
            *(
                f"{words(change)} at {change.at:%H:%M:%S} was never told"
                for change in untold
                if change not in summed
            ),
            *cards.left_standing(),
        ),
        doubled=tuple(_doubled(said)),
        invented=tuple(_invented(due, ledgers, cards)),
        out_of_order=tuple(_out_of_order(said)),
        times=tuple(_times(due, told)),
    )


def _unseen(true: Iterable[Change], said: Iterable[Said]) -> set[Change]:
    """Return what nobody could have seen, as far as neither half of it was told."""
    heard = {key(one) for one in said}
    pairs: dict[tuple[str, int], set[Change]] = defaultdict(set)
    for change in true:
        if change.is_fleeting:
            pairs[change.pipeline, change.number].add(change)
    silent = (p for p in pairs.values() if heard.isdisjoint(map(key, p)))
    return set[Change]().union(*silent)


def _told(said: Iterable[Said]) -> dict[object, list[Said]]:
    told: dict[object, list[Said]] = defaultdict(list)
    for one in said:
        if one.news is not None and one.form in RINGS[one.news]:
            told[key(one)].append(one)
    return told


def _is_summed(change: Change, said: Iterable[Said]) -> bool:
    return any(
        one.form in SUMS
        and one.pipeline == change.pipeline
        and turn(one) >= turn(change)
        for one in said
    )


def _doubled(said: Iterable[Said]) -> Iterator[str]:
    """Yield what was told twice: by itself, in lists of many, or in both.

    A list that is edited stays one message, and says again what it said before.
    """
    told = {(one.channel, one.ts, what) for one in said if (what := _news_of(one))}
    for (channel, what), times in Counter((c, what) for c, _, what in told).items():
        if times > 1:
            yield f"{what} was told {times} times in {channel}"


def _news_of(one: Said) -> str | None:
    """Return what is to be said in one message alone, if there is anything."""
    if one.form is Form.LOG:
        return f"the log of {words(one)}"
    if one.form is Form.NOTICE:
        return one.text
    if one.form is Form.OVER:
        return f"the end of {one.thread}" if one.thread else None
    is_news = one.form in _BY_ITSELF or one.form is Form.LIST
    return words(one) if is_news and one.news else None


def _invented(due: Iterable[Change], ledgers: Ledgers, cards: Cards) -> Iterator[str]:
    known = {key(change): change for change in due}
    ends: dict[tuple[str, int], set[bool]] = defaultdict(set)
    for end in ledgers.ends:
        ends[end.pipeline, end.number].add(end.is_good)
    for one in ledgers.said:
        if one.form is Form.NOTICE:
            continue
        if one.form is Form.STRANGE:
            yield f"nobody knows what this says in {one.channel}: {one.text}"
        elif one.pipeline and ledgers.channels.get(one.pipeline) != one.channel:
            yield f"{words(one)} was told in {one.channel}: {one.text}"
        elif _is_told_as_news(one) and key(one) not in known:
            yield f"{words(one)} never happened: {one.text}"
        elif (
            one.pipeline
            and (one.news is News.FIXED) not in ends[one.pipeline, one.number]
        ):
            yield f"{words(one)} is not how that run ended: {one.text}"
        elif one.runs and one.runs not in known[key(one)].runs:
            yield f"not so many runs were red: {one.text}"
        elif why := cards.misplaced(one):
            yield f"{words(one)} was said where {why}: {one.text}"


def _is_told_as_news(one: Said) -> bool:
    return one.form in _BY_ITSELF or (one.form is Form.LIST and one.news is not None)


def _out_of_order(said: Iterable[Said]) -> Iterator[str]:
    """Yield what was told after something newer, by channel and by message."""
    newest: dict[tuple[str, str], Said] = {}
    for one in said:
        is_list = one.form is Form.LIST and one.at is not None
        if not (is_list or one.form in _BY_ITSELF or one.form is Form.EDIT):
            continue
        # The edits of a message are in order among themselves alone.
        place = one.ts if one.form is Form.EDIT else ""
        before = newest.get((one.channel, f"{place} {one.pipeline}"))
        if before is not None and turn(before) > turn(one):
            yield f"{words(one)} was told after {words(before)} in {one.channel}"
        else:
            newest[(one.channel, f"{place} {one.pipeline}")] = one


def _times(
    due: Iterable[Change], told: dict[object, list[Said]]
) -> Iterator[tuple[datetime, datetime]]:
    for change in due:
        at = min((s.at for s in told.get(key(change), ()) if s.at), default=None)
        if at is not None:
            yield change.at, at
