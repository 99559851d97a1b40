"""What the bot has to say, before anybody decides how it looks.

Verbs make answers, `render` turns them into messages; neither knows of Slack here.
What can be pressed in an answer is a command in it, as it would be typed after the
bot's name: pressing is typing.

    shared   rows, parts, what can be pressed, pages
    asked    what is said of pipelines, runs and connections
    watched  what is said of watches, mutes and what was decided
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.asked import (
    Entry,
    Health,
    Help,
    Log,
    Pending,
    Problem,
    Pulse,
    RunList,
    Show,
    Standing,
    Status,
)
from bot.answers.shared import (
    QUIET,
    ROWS_A_PAGE,
    WORST_FIRST,
    Again,
    Offer,
    Paged,
    Part,
    Row,
    Trouble,
)
from bot.answers.watched import (
    Choosable,
    Dialog,
    Form,
    MuteRow,
    Mutes,
    PublicLine,
    Reasoning,
    Rehearsal,
    Ringing,
    Shelf,
    Watches,
    WatchRow,
    Why,
    Wrote,
)

__all__ = [
    "QUIET",
    "ROWS_A_PAGE",
    "WORST_FIRST",
    "Again",
    "Answer",
    "Choosable",
    "Dialog",
    "Entry",
    "Form",
    "Health",
    "Help",
    "Log",
    "MuteRow",
    "Mutes",
    "Offer",
    "Paged",
    "Part",
    "Pending",
    "Problem",
    "PublicLine",
    "Pulse",
    "Reasoning",
    "Rehearsal",
    "Ringing",
    "Row",
    "RunList",
    "Said",
    "Shelf",
    "Show",
    "Standing",
    "Status",
    "Trouble",
    "WatchRow",
    "Watches",
    "Why",
    "Wrote",
]

Answer = (
    Status
    | RunList
    | Show
    | Log
    | Health
    | Help
    | Wrote
    | Watches
    | Mutes
    | Rehearsal
    | Why
    | Problem
    | Dialog
    | Pending
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, as far as it is known."""

    answer: Answer
    waiting_for: tuple[str, ...] = ()
    """The connections that may still change it; none where it is the last word."""
