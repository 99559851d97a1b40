"""Which incidents are of something broken; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.watch.following import is_followed
from bot.watch.overdue import is_overdue
from bot.watch.storm import is_storm

if TYPE_CHECKING:
    from bot.records import Incident


def is_failure(incident: Incident) -> bool:
    """Return whether an incident is of one pipeline that is broken.

    Others are of a storm, of a run that somebody follows, or of one that is stuck or
    slow.
    """
    return not (is_storm(incident) or is_followed(incident) or is_overdue(incident))
