"""`python -m tests.bench`: measure, print the table, write docs/performance.md."""

from __future__ import annotations

import asyncio
import logging

from rich.console import Console

from bot import log
from bot.clock import SystemClock
from tests.bench import report
from tests.bench.acknowledging import acknowledging
from tests.bench.answering import answering
from tests.bench.decoding import decoding
from tests.bench.figure import Figure
from tests.bench.machine import noise
from tests.bench.process import process
from tests.bench.watching import watching


async def measured() -> tuple[Figure, ...]:
    """Measure everything, one figure after the other."""
    return (
        await acknowledging(),
        await answering(),
        *await decoding(),
        *await process(),
        *await watching(),
    )


def main() -> None:
    """Run the bench; it takes about twenty minutes on two cores that are free."""
    log.configure(level=logging.WARNING)
    console = Console()
    before = noise()
    figures = asyncio.run(measured())
    after = noise()
    report.table(figures, console)
    day = SystemClock().now().date()
    report.PAGE.write_text(report.page(figures, before, after, day), encoding="utf-8")
    for label, wavering in (("before", before), ("after", after)):
        console.print(f"A fixed loop {label}: {wavering}", highlight=False)


main()
