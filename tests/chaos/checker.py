"""The two ledgers compared: lost, doubled, invented, out of order; and how soon.

It shares no code with the watch, and judges by what people in a channel would see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.ledger import Change, Form, Ledgers, News, Said, changes

TOLD = frozenset({Form.POST, Form.REPLY})
"""Where news counts as told by itself; an edit rings nobody."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, a sentence each; and how long each change took to be told."""

    expected: int
    summed: int
    """Changes told in sum alone: by a message for many, which names a later one."""
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
    true = changes(ledgers.ends)
    told = _told(ledgers.said)
    return Found(
        expected=len(true),
        summed=sum(
            _key(change) not in told and _is_summed(change, ledgers.said)
            for change in true
        ),
        lost=(*_untold(true, told, ledgers.said), *_left_standing(true, ledgers)),
        doubled=tuple(_doubled(ledgers.said)),
        invented=tuple(_invented(true, ledgers)),
        out_of_order=tuple(_out_of_order(ledgers.said)),
        times=tuple(_times(true, told)),
    )


_Key = tuple[str, News | None, int]


def _key(one: Change | Said) -> _Key:
    return one.pipeline, one.news, one.number


def _told(said: Iterable[Said]) -> dict[_Key, list[Said]]:
    told: dict[_Key, list[Said]] = defaultdict(list)
    for one in said:
        if one.form in TOLD and one.news is not None:
            told[_key(one)].append(one)
    return told


def _is_summed(change: Change, said: Iterable[Said]) -> bool:
    return any(
        one.form is Form.LIST
        and one.pipeline == change.pipeline
        and one.number >= change.number
        for one in said
    )


def _untold(
    true: Iterable[Change], told: dict[_Key, list[Said]], said: Sequence[Said]
) -> Iterator[str]:
    for change in true:
        if _key(change) not in told and not _is_summed(change, said):
            yield f"{_named(change)} at {change.at:%H:%M:%S} was never told"


def _left_standing(true: Sequence[Change], ledgers: Ledgers) -> Iterator[str]:
    """Yield messages that say to the end that something is broken which was fixed."""
    fixes: dict[str, list[int]] = defaultdict(list)
    for change in true:
        if change.news is News.FIXED:
            fixes[change.pipeline].append(change.number)
    last: dict[tuple[str, str], Said] = {}
    cards: dict[tuple[str, str], Said] = {}
    for one in ledgers.said:
        place = (one.channel, one.ts)
        if one.form is Form.POST and one.news is News.BROKEN:
            cards[place] = last[place] = one
        elif one.form is Form.EDIT and place in cards:
            last[place] = one
    for place, card in cards.items():
        was_fixed = any(number > card.number for number in fixes[card.pipeline])
        if was_fixed and last[place].news is not News.FIXED:
            yield f"{_named(card)} still stands as broken: {last[place].text}"


def _doubled(said: Iterable[Said]) -> Iterator[str]:
    notices = Counter(
        f"{one.channel}: {one.text}" for one in said if one.form is Form.NOTICE
    )
    counted = Counter(
        (one.channel, _key(one), one.form is Form.LOG)
        for one in said
        if (one.form in TOLD and one.news) or one.form is Form.LOG
    )
    for (channel, key, is_log), times in counted.items():
        if times > 1:
            what = f"the log of {key[0]} #{key[2]}" if is_log else _words(key)
            yield f"{what} was told {times} times in {channel}"
    for text, times in notices.items():
        if times > 1:
            yield f"told {times} times: {text}"


def _invented(true: Iterable[Change], ledgers: Ledgers) -> Iterator[str]:
    known = {_key(change) for change in true}
    good = {(end.pipeline, end.number): end.is_good for end in ledgers.ends}
    for one in ledgers.said:
        if one.form is Form.NOTICE or (one.form is Form.LIST and not one.pipeline):
            continue
        where = ledgers.channels.get(one.pipeline)
        if one.form is Form.STRANGE:
            yield f"nobody knows what this says: {one.text}"
        elif where != one.channel:
            yield f"{_named(one)} was told in {one.channel}: {one.text}"
        elif one.form in TOLD and _key(one) not in known:
            yield f"{_named(one)} never happened: {one.text}"
        elif good.get((one.pipeline, one.number)) is not (one.news is News.FIXED):
            yield f"{_named(one)} is not how that run ended: {one.text}"


def _out_of_order(said: Iterable[Said]) -> Iterator[str]:
    """Yield what was told after something newer, by channel and by message."""
    newest: dict[tuple[str, str], Said] = {}
    for one in said:
        if one.form in {Form.NOTICE, Form.LIST, Form.STRANGE}:
            continue
        # The edits of a message are in order among themselves alone.
        place = one.ts if one.form is Form.EDIT else ""
        before = newest.get((one.channel, f"{place} {one.pipeline}"))
        if before is not None and before.number > one.number:
            yield f"{_named(one)} was told after {_named(before)} in {one.channel}"
        else:
            newest[(one.channel, f"{place} {one.pipeline}")] = one


def _times(
    true: Iterable[Change], told: dict[_Key, list[Said]]
) -> Iterator[tuple[datetime, datetime]]:
    for change in true:
        at = min((s.at for s in told.get(_key(change), ()) if s.at), default=None)
        if at is not None:
            yield change.at, at


def _named(one: Change | Said) -> str:
    return _words(_key(one))


def _words(key: _Key) -> str:
    pipeline, news, number = key
    return f"{pipeline} #{number} {news or 'still red'}"
