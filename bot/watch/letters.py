"""How a delivery is put: as designed, or with less where Slack refuses that; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.render.alert.drawing import MAY_REPEAT, draw
from bot.render.message import Message, clip
from bot.watch.backlog import Waiting
from bot.watch.posting import mark

LATE = timedelta(minutes=5)
"""What is told later than this says how late."""

WITHOUT_METADATA, PLAIN, CUT = 1, 2, 3
LONGEST_CUT = 500

# An edit carries no metadata, so with an edit it is the blocks that go first.
LESS: Mapping[bool, Mapping[int, int]] = {
    False: {0: WITHOUT_METADATA, WITHOUT_METADATA: PLAIN, PLAIN: CUT},
    True: {0: PLAIN, WITHOUT_METADATA: PLAIN, PLAIN: CUT},
}


def less_of(waiting: Waiting) -> int | None:
    """Return how much is to be left out at the next try; `None` where all was."""
    return LESS[waiting.is_edit].get(waiting.row.degraded)


def letter(waiting: Waiting, now: datetime, *, may_repeat: bool) -> Message:
    """Return the message of a delivery, with as much left out as Slack asks for.

    A new message says if it comes late, or if it may have been said before.
    """
    row = waiting.row
    late_since = row.created_at if now - row.created_at > LATE else None
    if waiting.is_edit:
        message = draw(waiting.alert, now)
    else:
        message = draw(waiting.alert, now, late_since=late_since, may_repeat=may_repeat)
    text = clip(message.text, LONGEST_CUT) if row.degraded >= CUT else message.text
    if row.degraded >= PLAIN and may_repeat and not waiting.is_edit:
        text = f"{text} {MAY_REPEAT}"
    if row.degraded and not waiting.is_edit:
        text = f"{text} ({mark(row.key)})"  # what a look-up then goes by
    return Message(text, () if row.degraded >= PLAIN else message.blocks)
