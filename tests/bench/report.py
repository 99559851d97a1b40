"""The table in the terminal, and docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import machine
from tests.bench.figure import Figure
from tests.bench.machine import Noise

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"

INTRODUCTION = """\
# Performance

Written by `make bench` (tests/bench), everything on 127.0.0.1. Ratios are of variants
that ran in turn in one run, and are what to look at; times are of this one machine,
which does other work as well.
"""


_COLOURS = {True: "green", False: "red", None: "blue"}


def table(figures: Sequence[Figure], console: Console) -> None:
    """Print the figures."""
    shown = Table("figure", "goal", "measured", "verdict", title="make bench")
    for figure in figures:
        colour = _COLOURS[figure.is_met]
        verdict = f"[{colour}]{figure.verdict}[/{colour}]"
        shown.add_row(figure.title, figure.goal, figure.measured, verdict)
        for what, how_much in figure.details:
            shown.add_row(f"  {what}", "", how_much, "", style="dim")
        shown.add_section()
    console.print(shown)


def page(figures: Sequence[Figure], before: Noise, after: Noise, day: date) -> str:
    """Return docs/performance.md."""
    lines = [
        INTRODUCTION,
        "| figure | goal | measured | verdict |",
        "|---|---|---|---|",
        *(
            f"| {f.title} | {f.goal} | {f.measured} | **{f.verdict}** |"
            for f in figures
        ),
        "",
        "## The machine",
        "",
        f"{machine.described()}; measured on {day.isoformat()}.",
        f"A fixed loop, {machine.LOOPS} times, took",
        "",
        f"- before: {before}",
        f"- after: {after}",
    ]
    for figure in figures:
        lines += ["", f"## {figure.title}", "", figure.how, ""]
        lines += [f"- goal: {figure.goal}", f"- measured: {figure.measured}"]
        lines += [f"- {what}: {how_much}" for what, how_much in figure.details]
    return "\n".join(lines) + "\n"
