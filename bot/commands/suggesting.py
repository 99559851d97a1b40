"""What can be watched, as it is searched while somebody types."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.answers import Choosable, Shelf
from bot.catalog import address
from bot.tokens import folded

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.readings import Reading
    from providers.contract import Page
    from providers.model import Pipeline

MOST = 100
"""https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select"""

PATIENCE = timedelta(seconds=1)
"""How long the vendors are waited for; Slack itself waits three seconds.

https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
"""

STILL_ASKING = "Still asking {}: search again in a moment."
NOT_READ = "{} cannot be read just now: health says why."

GROUPS = "Groups"


async def suggest(
    desk: Desk, query: str, patience: timedelta = PATIENCE
) -> tuple[Shelf, ...]:
    """Return what can be watched and has all the words of a query, `MOST` at the most.

    What is not known after `patience` is left out, and read on for the next time; the
    connections of which nothing at all is known say so in a note. Where more fit than
    there is room for, each connection has its share; a note counts as one.
    """
    # Of its time, a question in a hurry gives half to the lists of pipelines.
    reader = desk.reader.until(2 * patience)
    names = tuple(reader.providers)
    readings = await asyncio.gather(*map(reader.pipelines, names))
    shelves = [_groups(desk), *map(_shelf, names, readings)]
    # What can be chosen comes first: it is what the Enter key takes.
    shelves.sort(key=lambda shelf: bool(shelf.note))
    words = folded(query).split()
    return _shared_out([_fitting(shelf, words) for shelf in shelves])


def _shelf(name: str, reading: Reading[Page[Pipeline]]) -> Shelf:
    if reading.value is not None:
        return Shelf(title=name, choices=_choices(reading.value.items))
    note = STILL_ASKING if reading.is_pending else NOT_READ
    return Shelf(title=name, note=note.format(name))


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
    return replace(shelf, choices=tuple(fitting))


def _shared_out(shelves: Sequence[Shelf]) -> tuple[Shelf, ...]:
    turns = sorted(
        (turn, number)
        for number, shelf in enumerate(shelves)
        for turn in range(len(shelf.choices) or bool(shelf.note))
    )
    taken = Counter(number for _, number in turns[:MOST])
    return tuple(
        replace(shelf, choices=shelf.choices[: taken[number]])
        for number, shelf in enumerate(shelves)
        if taken[number]
    )
