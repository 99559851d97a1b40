"""A figure: what was aimed for, what was measured, and whether it is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One claim about Runbell, measured."""

    title: str
    goal: str
    measured: str
    is_met: bool
    how: str
    """What exactly was measured, for a reader who wants to judge it."""
    details: tuple[tuple[str, str], ...] = ()
    """Further numbers: what, and how much."""

    @property
    def verdict(self) -> str:
        """One word."""
        return "met" if self.is_met else "missed"
