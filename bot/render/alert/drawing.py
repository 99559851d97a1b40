"""Alert → message: which renderer draws which alert."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bot.alerts import Alert, Card, Said, Storm, Update
from bot.render.alert.card import card
from bot.render.alert.notices import said, storm, update
from bot.render.message import Block, Message, ago, faint, lines, printable

MAY_REPEAT = (
    "This may be a repeat: Slack never said whether it took the first one, "
    "and does not let me look."
)


def draw(
    alert: Alert,
    now: datetime,
    *,
    late_since: datetime | None = None,
    may_repeat: bool = False,
) -> Message:
    """Return the message that says an alert.

    Durations count to `now`, whose zone is the one that times are shown in where the
    reader's own is not known. `late_since` is when it should have been told, where that
    is long ago; `may_repeat` says that it may have been told before.
    """
    message: Message
    match alert:
        case Card():
            message = card(alert, now)
            late_since = alert.late_since or late_since
        case Update():
            message = update(alert, now)
        case Said():
            message = said(alert, now)
        case Storm():
            message = storm(alert, now)
        case _:  # pragma: no cover - the type checker proves that there is none
            assert_never(alert)
    notes = _notes(now, late_since, may_repeat=may_repeat)
    return Message(
        printable(message.text), (*message.blocks, *([notes] if notes else []))
    )


def _notes(
    now: datetime, late_since: datetime | None, *, may_repeat: bool
) -> Block | None:
    rows = []
    if late_since is not None:
        rows.append([faint("Told late: it happened "), ago(late_since, now)])
    if may_repeat:
        rows.append([faint(MAY_REPEAT)])
    return lines(rows) if rows else None
