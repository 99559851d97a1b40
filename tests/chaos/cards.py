"""The cards that stand in the channels: one for each break, each with its thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.ledger import Change, Form, News, Said, key, turn, words

SUMS = frozenset({Form.LIST, Form.OVER})
"""Messages that stand for many."""


@dataclass(frozen=True, slots=True)
class Cards:
    """What stands where, and which fix each break came to."""

    said: Sequence[Said]
    fixes: Mapping[tuple[str, int], Change]
    """By the pipelines and numbers of the runs that broke."""
    cards: Mapping[tuple[str, str], Said]
    """What each card said first, by channel and stamp."""
    lists: frozenset[tuple[str, str]]
    """The messages for many, by channel and stamp."""

    @classmethod
    def of(cls, true: Iterable[Change], said: Sequence[Said]) -> Cards:
        """Return the cards among all that was said."""
        posts = [one for one in said if one.at is not None and not one.thread]
        return cls(
            said=said,
            fixes=_fixes(true),
            cards={
                (one.channel, one.ts): one
                for one in posts
                if one.form is Form.POST and one.news is News.BROKEN
            },
            lists=frozenset((p.channel, p.ts) for p in posts if p.form in SUMS),
        )

    def left_standing(self) -> Iterator[str]:
        """Yield what says to the end that something is wrong which is right again."""
        last = {
            (one.channel, one.ts): one
            for one in self.said
            if (one.channel, one.ts) in self.cards
        }
        for place, card in self.cards.items():
            if self._fix(card) and last[place].news is not News.FIXED:
                yield f"{words(card)} still stands as broken: {last[place].text}"
        notices = {
            (one.channel, one.pipeline): one
            for one in self.said
            if one.form is Form.NOTICE
        }
        for notice in notices.values():
            if notice.news is News.BROKEN:
                yield f"still said to the end in {notice.channel}: {notice.text}"

    def misplaced(self, one: Said) -> str | None:
        """Return what is wrong with the place where something is said."""
        if one.form in SUMS:
            root = one.thread or one.ts
            is_right = one.at is not None and not one.thread
            if is_right or (one.channel, root) in self.lists:
                return None
            return "no message for many stands there"
        place = one.ts if one.form is Form.EDIT else one.thread
        if not place:
            return None
        card = self.cards.get((one.channel, place))
        if card is None:
            return "no card stands there"
        return None if self._is_of(card, one) else f"that is the card of {words(card)}"

    def _is_of(self, card: Said, one: Said) -> bool:
        """Return whether something may be said on a card, or in its thread."""
        if card.pipeline != one.pipeline:
            return False
        if one.form is Form.LOG:
            return key(one) == key(card)
        fix = self._fix(card)
        if one.news is News.FIXED:
            return fix is not None and key(one) == key(fix)
        return card.number <= one.number and (fix is None or turn(one) < turn(fix))

    def _fix(self, card: Said) -> Change | None:
        return self.fixes.get((card.pipeline, card.number))


def _fixes(true: Iterable[Change]) -> dict[tuple[str, int], Change]:
    broken: dict[str, Change] = {}
    fixes: dict[tuple[str, int], Change] = {}
    for change in sorted(true, key=turn):
        if change.news is News.BROKEN:
            broken[change.pipeline] = change
        elif change.pipeline in broken:
            fixes[change.pipeline, broken[change.pipeline].number] = change
    return fixes
