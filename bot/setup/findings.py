"""What the doctor finds: one line each, and one exit code for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.text import Text

FINE, TROUBLE, WRONG = 0, 1, 2
"""Exit codes: all is well; a connection does not work; the configuration or Slack's
tokens do not."""


class Area(StrEnum):
    """What a finding is about."""

    CONFIGURATION = "configuration"
    SLACK = "slack"
    CONNECTION = "connection"


class Grade(StrEnum):
    """How good or bad it is; the value is the word that is shown."""

    OK = "ok"
    WARNING = "warning"
    """It works, and somebody should look all the same."""
    FAILED = "failed"


MARKS: Mapping[Grade, str] = {
    Grade.OK: "✓",
    Grade.WARNING: "⚠",
    Grade.FAILED: "✗",
}
STYLES: Mapping[Grade, str] = {
    Grade.OK: "green",
    Grade.WARNING: "yellow",
    Grade.FAILED: "bold red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; holds no secret."""

    area: Area
    name: str
    """What exactly: a line of the file, a token, a connection."""
    grade: Grade
    what: str
    fix: str | None = None
    """What to do; `None` where there is nothing to do."""

    def line(self) -> Text:
        """Return it for a terminal: mark, word, what was found, and what to do."""
        grade = f"{MARKS[self.grade]} {self.grade:<7}"
        fix = f"\n{' ' * len(grade)}  → {self.fix}" if self.fix else ""
        return Text.assemble(
            (grade, STYLES[self.grade]), f"  {self.name}: {self.what}{fix}"
        )

    def data(self) -> Mapping[str, Any]:
        """Return it for programs."""
        return {
            "area": self.area.value,
            "name": self.name,
            "grade": self.grade.value,
            "what": self.what,
            "fix": self.fix,
        }


def exit_code(findings: Collection[Finding]) -> int:
    """Return what a program should make of it; warnings are no failure."""
    failed = {f.area for f in findings if f.grade is Grade.FAILED}
    if failed - {Area.CONNECTION}:
        return WRONG
    return TROUBLE if failed else FINE


def summary(findings: Collection[Finding]) -> str:
    """Return how it went in all, in one line."""
    counts = ((grade, sum(f.grade is grade for f in findings)) for grade in Grade)
    return ", ".join(f"{count} {grade}" for grade, count in counts if count)
