"""What the configuration holds, where each part of it stands, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.settings.problems import Loc, Problem, SettingsError, place
from providers.masking import Secrets


@dataclass(frozen=True, slots=True)
class Written:
    """One setting as it stands in the file."""

    line: int
    text: str | None
    """The value as written; `None` for lists and mappings."""


@dataclass(slots=True)
class Document:
    """What the file holds, and what is wrong with it so far."""

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    written: dict[Loc, Written] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Loc] = field(default_factory=set)
    """What has its problem already: whatever else it causes is not worth saying."""
    secrets: Secrets = field(default_factory=Secrets)
    """The values that no problem may show."""

    def line(self, loc: Loc) -> int | None:
        """Return the line of the nearest thing around a place that was written."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.written:
                return self.written[loc[:end]].line
        return None

    def report(self, loc: Loc, what: str, instead: str) -> None:
        """Note a problem with a value: nothing else about it is worth saying."""
        self.broken.add(loc)
        self.remark(loc, what, instead)

    def remark(
        self, loc: Loc, what: str, instead: str, *, line: int | None = None
    ) -> None:
        """Note a problem beside a value, which may have others of its own."""
        at = self.line(loc) if line is None else line
        self.problems.append(Problem(self.file, at, place(loc), what, instead))

    def is_broken(self, loc: Loc) -> bool:
        """Whether the place, or something around it, has its problem already."""
        return any(loc[:end] in self.broken for end in range(1, len(loc) + 1))

    def leaves(self) -> Iterator[tuple[Loc, str]]:
        """Return every single value and how it is written."""
        for loc, written in self.written.items():
            if written.text is not None:
                yield loc, written.text

    def raise_problems(self) -> None:
        """Raise what was noted, in the order of the file; do nothing without any."""
        if self.problems:
            raise SettingsError(
                sorted(self.problems, key=lambda p: (p.file != self.file, p.line or 0))
            )
