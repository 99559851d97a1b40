"""`python -m tests.chaos`: 1,000 kills, and some pauses; prints the table."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
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
after fifteen, and only then given to the other one: were both to die every second,
nothing but messages for many would ever be told."""


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
    outcomes = [*_embedded(asked), *_replicated(asked, console)]
    table(outcomes, console)
    for outcome in outcomes:
        if outcome.is_right:
            shutil.rmtree(outcome.plan.folder)
    sys.exit(not all(outcome.is_right for outcome in outcomes))


def _embedded(asked: argparse.Namespace) -> list[Outcome]:
    if not asked.sqlite:
        return []
    plan = Plan(
        name="SQLite", cycles=asked.sqlite, seed=asked.seed, folder=_folder("sqlite")
    )
    return [asyncio.run(campaign(plan))]


def _replicated(asked: argparse.Namespace, console: Console) -> list[Outcome]:
    binaries = find_binaries()
    if binaries is None:
        console.print("PostgreSQL is not installed here: nothing was run on it.")
        return []
    with running_postgres(binaries) as server:
        return [asyncio.run(campaign(plan)) for plan in _plans(asked, server)]


def _plans(asked: argparse.Namespace, server: Postgres) -> list[Plan]:
    kills = Plan(
        name="PostgreSQL",
        cycles=asked.postgres,
        seed=asked.seed,
        folder=_folder("postgres"),
        postgres=server,
        replicas=REPLICAS,
        longest=LONGEST,
    )
    pauses = Plan(
        name="PostgreSQL, SIGSTOP",
        cycles=0,
        pauses=asked.pauses,
        seed=asked.seed,
        folder=_folder("pauses"),
        postgres=server,
        replicas=REPLICAS,
    )
    return [plan for plan in (kills, pauses) if plan.cycles or plan.pauses]


def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"runbell-chaos-{name}-"))


main()
