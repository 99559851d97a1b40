"""Names with `*` and `?` in them: the one way to match them, everywhere.

A bracket means itself, since names hold brackets: `renovate[bot]`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

MARKS = frozenset("*?")
"""The characters that stand for others: any number of them, and just one."""


def matches(text: str, glob: str) -> bool:
    """Return whether a text is what a glob means; letter case counts."""
    return fnmatchcase(text, glob.replace("[", "[[]"))
