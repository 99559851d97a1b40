"""What several rooms of the bot are tested with."""

from __future__ import annotations

from tests.fakes.postgres import postgres

__all__ = ["postgres"]
