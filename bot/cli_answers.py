"""An answer in a terminal: what a program makes of it, and what may be typed next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import assert_never

from bot.answers import (
    Answer,
    Dialog,
    Health,
    Help,
    Log,
    Mutes,
    Offer,
    Part,
    Pending,
    Problem,
    Rehearsal,
    RunList,
    Show,
    Status,
    Watches,
    Why,
    Wrote,
)
from bot.commands.grammar import Verb, parse, typed
from bot.setup.findings import FINE, TROUBLE, WRONG
from bot.tokens import tokens


def exit_code(found: Answer) -> int:
    """Return what a program should make of an answer.

    Whatever could not be read is trouble, be it one pipeline; a question that has no
    answer although everybody could be asked was a wrong one.
    """
    match found:
        case Problem():
            return TROUBLE if found.parts else WRONG
        case Dialog():
            return WRONG
        case Status():
            unread = any(_is_incomplete(part) for part in found.parts)
        case RunList():
            missing = bool(found.unread or found.left_out)
            unread = missing or any(_is_incomplete(part) for part in found.parts)
        case Health():
            unread = any(pulse.trouble for pulse in found.pulses)
        case Show():
            unread = found.trouble is not None
        case Pending():
            unread = True
        case Wrote() | Rehearsal():
            unread = bool(found.parts)
        case Log() | Help() | Watches() | Mutes() | Why():
            unread = False
        case _:  # pragma: no cover - the type checker proves that there is none
            assert_never(found)
    return TROUBLE if unread else FINE


def _is_incomplete(part: Part) -> bool:
    return bool(part.trouble or part.left_out) or any(row.trouble for row in part.rows)


def for_a_shell(offers: Iterable[Offer]) -> Iterator[Offer]:
    """Yield the offers as they are typed in a shell, which has quotes of its own.

    A `*` or `#` would mean something to it. What would be read as another question when
    it has gone through a shell is left out.
    """
    for offer in offers:
        words = [token.text for token in tokens(offer.command)]
        first, *rest = words or [""]
        if first not in set(Verb):
            continue
        if parse(typed(Verb(first), rest)) != parse(offer.command):
            continue
        command = shlex.join(words)
        is_named = offer.label != offer.command
        yield Offer(label=offer.label if is_named else command, command=command)
