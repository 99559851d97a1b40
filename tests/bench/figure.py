"""A figure: what was aimed for, what was measured, and whether it is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One claim about Runbell, measured."""

    title: str
    goal: str
    measured: str
    is_met: bool | None
    """`None` where there is no goal: the figure is reported, no more."""
    how: str
    """What exactly was measured, for a reader who wants to judge it."""
    details: tuple[tuple[str, str], ...] = ()
    """Further numbers: what, and how much."""

    @property
    def verdict(self) -> str:
        """One word."""
        return _VERDICTS[self.is_met]


_VERDICTS = {True: "met", False: "missed", None: "reported"}
