"""What can be watched, as it is searched while somebody types."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.answers import Choosable, Shelf
from bot.catalog import address
from bot.tokens import folded

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from providers.model import Pipeline

MOST = 100
"""https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select"""

GROUPS = "Groups"


async def suggest(desk: Desk, query: str) -> tuple[Shelf, ...]:
    """Return what can be watched and has all the words of a query, `MOST` at the most.

    Nobody is waited for: what is known is searched, and what is not known yet, or is
    old, is read meanwhile for the next time. Where more fit, each connection has its
    share.
    """
    reader = desk.reader.until(timedelta())
    names = tuple(reader.providers)
    readings = await asyncio.gather(*map(reader.pipelines, names))
    shelves = [_groups(desk)]
    for name, reading in zip(names, readings, strict=True):
        pipelines = reading.value.items if reading.value else ()
        shelves.append(Shelf(title=name, choices=_choices(pipelines)))
    words = folded(query).split()
    return _shared_out([_fitting(shelf, words) for shelf in shelves])


def _groups(desk: Desk) -> Shelf:
    choices = tuple(Choosable(target=name, label=name) for name in desk.words.groups)
    return Shelf(title=GROUPS, choices=choices)


def _choices(pipelines: Sequence[Pipeline]) -> tuple[Choosable, ...]:
    labels = [" · ".join(filter(None, (p.name, p.group))) for p in pipelines]
    shared = Counter(labels)
    return tuple(
        Choosable(
            target=address(p.ref),
            label=label if shared[label] == 1 else f"{label} · {p.ref.id}",
        )
        for p, label in zip(pipelines, labels, strict=True)
    )


def _fitting(shelf: Shelf, words: Sequence[str]) -> Shelf:
    """Return what has all the words; what begins with the first of them comes first."""
    first = words[0] if words else ""

    def fits(choice: Choosable) -> bool:
        text = folded(f"{shelf.title} {choice.label} {choice.target}")
        return all(word in text for word in words)

    def rank(choice: Choosable) -> bool:
        return not folded(choice.label).startswith(first)

    fitting = sorted(filter(fits, shelf.choices), key=rank)
    return Shelf(title=shelf.title, choices=tuple(fitting))


def _shared_out(shelves: Sequence[Shelf]) -> tuple[Shelf, ...]:
    turns = sorted(
        (turn, number)
        for number, shelf in enumerate(shelves)
        for turn in range(len(shelf.choices))
    )
    taken = Counter(number for _, number in turns[:MOST])
    return tuple(
        Shelf(title=shelf.title, choices=shelf.choices[: taken[number]])
        for number, shelf in enumerate(shelves)
        if taken[number]
    )
