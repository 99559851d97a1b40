"""Answer → message: which renderer draws which answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from bot.answers import Health, Help, Log, Problem, RunList, Show, Status
from bot.render.guidance import help_, problem
from bot.render.health import health
from bot.render.one_run import log, show
from bot.render.runs import runs
from bot.render.status import status

if TYPE_CHECKING:
    from bot.answers import Answer
    from bot.render.message import Message


def render(answer: Answer, now: datetime) -> Message:
    """Return the message that says an answer.

    Durations count to `now`, whose zone is the one that times are shown in where the
    reader's own is not known.
    """
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
        case Help():
            message = help_(answer)
        case Problem():
            message = problem(answer, now)
        case _:  # pragma: no cover - the type checker proves that there is none
            assert_never(answer)
    return message
