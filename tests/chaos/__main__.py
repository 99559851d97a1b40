"""`python -m tests.chaos`: 1,000 kills, and some pauses; prints the table."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tests.chaos.campaign import campaign
from tests.chaos.plan import Outcome, Plan
from tests.chaos.report import table
from tests.fakes.postgres import Postgres, find_binaries, running_postgres

SEED = 20_261_121
REPLICAS = 2

LONGEST = 8.0
"""Seconds that a replica lives at the most. What it had in hand is taken for lost
after fifteen, and only then given to the other one: were both to die every second, all
would be told, but minutes late, and much of it in sum."""


def main() -> None:
    """Carry out the campaigns that are asked for; exit with 1 where one went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--sqlite", type=int, default=600, help="kills on SQLite")
    parser.add_argument("--postgres", type=int, default=400, help="kills on PostgreSQL")
    parser.add_argument("--pauses", type=int, default=10, help="pauses on PostgreSQL")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    console = Console()
    console.print(f"seed {asked.seed}")
    outcomes = asyncio.run(_carried_out(asked, console))
    table(outcomes, console)
    for outcome in outcomes:
        if outcome.is_right:
            shutil.rmtree(outcome.plan.folder)
    sys.exit(not all(outcome.is_right for outcome in outcomes))


async def _carried_out(asked: argparse.Namespace, console: Console) -> list[Outcome]:
    """Carry out what is asked for on both databases at once: most of it is waiting."""
    with contextlib.ExitStack() as stack:
        tracks = [_on_sqlite(asked, console)]
        if asked.postgres or asked.pauses:
            if binaries := find_binaries():
                server = stack.enter_context(running_postgres(binaries))
                tracks.append(_on_postgres(asked, console, server))
            else:
                console.print("PostgreSQL is not installed: nothing is run on it.")
        done = await asyncio.gather(*map(_one_by_one, tracks))
    return [outcome for outcomes in done for outcome in outcomes]


async def _one_by_one(plans: Iterator[Plan]) -> list[Outcome]:
    return [await campaign(plan) for plan in plans]


def _on_sqlite(asked: argparse.Namespace, console: Console) -> Iterator[Plan]:
    if asked.sqlite:
        yield Plan(
            name="SQLite",
            cycles=asked.sqlite,
            seed=asked.seed,
            folder=_folder("sqlite"),
            say=console.print,
        )


def _on_postgres(
    asked: argparse.Namespace, console: Console, server: Postgres
) -> Iterator[Plan]:
    if asked.postgres:
        yield Plan(
            name="PostgreSQL",
            cycles=asked.postgres,
            seed=asked.seed,
            folder=_folder("postgres"),
            postgres=server,
            replicas=REPLICAS,
            longest=LONGEST,
            say=console.print,
        )
    if asked.pauses:
        yield Plan(
            name="PostgreSQL, SIGSTOP",
            cycles=0,
            pauses=asked.pauses,
            seed=asked.seed,
            folder=_folder("pauses"),
            postgres=server,
            replicas=REPLICAS,
            say=console.print,
        )


def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"runbell-chaos-{name}-"))


main()
