"""The forms in which Huawei Cloud's CodeArts services write a time; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from providers.model import utc_from_epoch_ms

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def instant(value: float | str | None, zone: ZoneInfo) -> datetime | None:
    """Return a time in UTC, whichever of this cloud's forms it has.

    The forms are: milliseconds since the epoch (also as text), ISO 8601 with a zone,
    and `yyyy-MM-dd HH:mm:ss`, which is read in `zone`. Nothing, 0 and what is no time
    are `None`.
    """
    if not isinstance(value, str):
        return utc_from_epoch_ms(value)
    text = value.strip()
    try:
        if text.isdecimal():
            return utc_from_epoch_ms(int(text))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        # Says the same as `replace(tzinfo=zone).astimezone(UTC)`, which takes three
        # times as long: a batch of runs has a thousand times.
        moment -= zone.utcoffset(moment) or timedelta()
        return datetime.combine(moment, moment.time(), UTC)
    except (ValueError, OverflowError):
        return None
