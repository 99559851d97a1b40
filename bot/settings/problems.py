"""What is wrong with the configuration, said so that it can be put right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from typing_extensions import override

Loc = tuple[str | int, ...]
"""Where in the tree: the names of mappings and the positions in lists, from the top."""

ENVIRONMENT = "environment"
"""Stands for the file where a value comes from the environment."""

LONGEST_SHOWN = 60
"""Characters of a name or value that a problem shows."""

_PLAIN = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; shows no secret."""

    file: str
    line: int | None
    """Counted from 1; `None` where no line is to blame."""
    place: str
    """Which setting, such as `connections.shop.timeout`; empty for the whole file."""
    what: str
    """What was found."""
    instead: str
    """What to write or to do instead."""

    @override
    def __str__(self) -> str:
        """Return it as one line: where, what, what instead."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        said = f"{self.what}; {self.instead}" if self.instead else self.what
        return ": ".join(part for part in (where, self.place, said) if part)


class SettingsError(Exception):
    """The configuration cannot be used; `problems` says all that is wrong with it.

    Not a `ProviderError`: nobody may catch it by accident.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @override
    def __str__(self) -> str:
        """Return one line for each problem."""
        return "\n".join(str(problem) for problem in self.problems)


def place(loc: Loc) -> str:
    """Return a place as people write it: `groups.payments[0]`."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part if _PLAIN.fullmatch(part) else shown(part)}"
    return text.removeprefix(".")


def shown(text: str) -> str:
    """Return a text in quotes, cut, without line breaks or control characters."""
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return repr(cut)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to write instead of a word that is not known."""
    names = sorted(known)
    close = get_close_matches(word.lower().replace("-", "_"), names, n=1, cutoff=0.6)
    close = close or get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"write one of: {', '.join(names)}" if names else ""
