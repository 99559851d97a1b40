"""`runbell serve` as a process: the memory it holds, and how soon it is ready.

It is started on no store, as on the first day, and again on the store it left behind.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, Stage, open_stage
from bot.settings import Mode, Settings
from tests.bench.figure import Figure
from tests.bench.machine import resident_bytes

ROOT = Path(__file__).parent.parent.parent
MOST_BYTES = 120_000_000
MOST_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one start of the bot showed."""

    ready: float
    """Seconds from the start of the process until Slack had its connection."""
    at_start: int | None
    """Bytes held as soon as it was ready; `None` where the system does not tell."""
    idle: int | None
    """Bytes held when it had answered once and then been left alone for a while."""


async def process(
    *, rounds: int = 5, idle_for: timedelta = timedelta(seconds=5)
) -> tuple[Figure, ...]:
    """Return the figures of memory and of the start."""
    clock = SystemClock()
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    # The stage's own bot is served over HTTP; the one that is measured has the socket.
    async with open_stage(clock, chance, mode=Mode.HTTP) as stage:
        stage.slack.request_url = None
        # The first start compiles what has changed since the last one.
        await _days(stage, timedelta())
        days = [await _days(stage, idle_for) for _ in range(rounds)]
        count = len(stage.settings.connections)
    first, later = ([day[n] for day in days] for n in range(2))
    return _memory(first, later, count, idle_for), _start(first, later, count)


async def _days(stage: Stage, idle_for: timedelta) -> tuple[Life, Life]:
    """Live once with no store, and once with the one that this left behind."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _write(Path(folder), stage.settings)
        return (
            await _live(stage, Path(folder), environment, idle_for),
            await _live(stage, Path(folder), environment, idle_for),
        )


async def _live(
    stage: Stage, folder: Path, environment: dict[str, str], idle_for: timedelta
) -> Life:
    """Start the bot, ask it once, leave it alone, and stop it."""
    begin = time.perf_counter()
    served = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve"),
        cwd=folder,  # which its store is in
        env=environment,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            await stage.slack.wait_until_connected()
        ready = time.perf_counter() - begin
        at_start = resident_bytes(served.pid)
        slack, person, channel = stage.slack, stage.person, stage.channel
        ack = await slack.slash(person, channel, stage.settings.command, "status")
        await slack.next_message(channel, after=ack, viewer=person)
        await SystemClock().sleep(idle_for)
        idle = resident_bytes(served.pid)
    finally:
        if served.returncode is None:
            served.terminate()
        await served.wait()
        await stage.slack.wait_for(lambda: stage.slack.connected == 0)
    return Life(ready=ready, at_start=at_start, idle=idle)


def _write(folder: Path, settings: Settings) -> dict[str, str]:
    """Write the stage's settings as a person would, secrets in the environment."""
    environment = {
        # Nothing of Runbell's own, such as the address of another store.
        **{k: v for k, v in os.environ.items() if not k.startswith("RUNBELL_")},
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }
    environment.pop("SLACK_SIGNING_SECRET", None)
    connections: dict[str, dict[str, Any]] = {}
    for name, connection in settings.connections.items():
        said = connection.model_dump(exclude_unset=True)
        for key, value in said.items():
            if isinstance(value, SecretStr):
                variable = f"BENCH_{name}_{key}".upper()
                environment[variable] = value.get_secret_value()
                said[key] = f"${{{variable}}}"
        connections[name] = said
    document = {
        "slack": {"api_url": settings.slack.api_url},
        "connections": connections,
    }
    text = yaml.safe_dump(document)
    (folder / "runbell.yml").write_text(text, encoding="utf-8")
    return environment


def _memory(
    first: list[Life], later: list[Life], count: int, idle_for: timedelta
) -> Figure:
    held, held_first = _known(x.idle for x in later), _known(x.idle for x in first)
    begun = _known(life.at_start for life in later)
    return Figure(
        title=f"Memory of `runbell serve`, idle, with {count} connections",
        goal=f"less than {MOST_BYTES / 1e6:.0f} MB resident",
        measured=_megabytes(held),
        is_met=all(_is_small(sizes) for sizes in (held, held_first)),
        how=(
            "The resident set (VmRSS) of the process, in Socket Mode with the local "
            "Slack and the five simulated clouds, on the SQLite store of an earlier "
            "start, after it has answered a `/runs status` of all of them and then "
            f"been left alone for {idle_for.total_seconds():g} s; {len(later)} starts, "
            "each after a first one, which made the store."
        ),
        details=(
            ("before its first answer", _megabytes(begun)),
            ("idle after a first start, which makes the store", _megabytes(held_first)),
        ),
    )


def _start(first: list[Life], later: list[Life], count: int) -> Figure:
    took, took_first = ([life.ready for life in lives] for lives in (later, first))
    return Figure(
        title=f"Start of `runbell serve` to ready, with {count} connections",
        goal=f"less than {MOST_SECONDS:g} s",
        measured=_seconds(took),
        is_met=all(statistics.median(t) < MOST_SECONDS for t in (took, took_first)),
        how=(
            "From the start of the process, its imports compiled before, until the "
            "local Slack has its socket, on the SQLite store of an earlier start; "
            f"{len(later)} starts, each after a first one, which made the store."
        ),
        details=(("a first start, which makes the store", _seconds(took_first)),),
    )


def _known(sizes: Iterable[int | None]) -> list[int]:
    return [size for size in sizes if size is not None]


def _is_small(sizes: list[int]) -> bool:
    return bool(sizes) and statistics.median(sizes) < MOST_BYTES


def _seconds(took: list[float]) -> str:
    return f"{statistics.median(took):.2f} s ({min(took):.2f} to {max(took):.2f})"


def _megabytes(sizes: list[int]) -> str:
    if not sizes:
        return "unknown: this system does not tell"
    middle, least, most = (
        f"{size / 1e6:.1f}" for size in (statistics.median(sizes), *_ends(sizes))
    )
    return f"{middle} MB ({least} to {most})"


def _ends(sizes: list[int]) -> tuple[int, int]:
    return min(sizes), max(sizes)
