"""Answer → message: which renderer draws which answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from bot.answers import (
    Dialog,
    Health,
    Help,
    Log,
    Mutes,
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
from bot.render.actions import actions
from bot.render.guidance import guidance
from bot.render.health import health
from bot.render.one_run import log, show
from bot.render.runs import runs
from bot.render.status import status
from bot.render.watching import watching

if TYPE_CHECKING:
    from bot.answers import Answer
    from bot.render.message import Message


def render(answer: Answer, now: datetime, *, is_private: bool = False) -> Message:
    """Return the message that says an answer, with what can be pressed below it.

    Args:
        answer: what there is to say.
        now: durations count to it; its zone is the one that times are shown in where
            the reader's own is not known.
        is_private: one person sees the message, and may share it.

    """
    return words_of(answer, now).above(actions(answer, is_private=is_private))


def words_of(answer: Answer, now: datetime) -> Message:
    """Return the message that says an answer, with nothing to press."""
    message: Message
    match answer:
        case Status():
            message = status(answer, now)
        case RunList():
            message = runs(answer, now)
        case Show():
            message = show(answer, now)
        case Log():
            message = log(answer, now)
        case Health():
            message = health(answer, now)
        case Wrote() | Watches() | Mutes() | Rehearsal() | Why():
            message = watching(answer, now)
        case Help() | Problem() | Dialog() | Pending():
            message = guidance(answer, now)
        case _:  # pragma: no cover - the type checker proves that there is none
            assert_never(answer)
    return message
