"""`runbell serve` as a process: the memory it holds, and how soon it is ready."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
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
    *, rounds: int = 5, idle_for: timedelta = timedelta(seconds=1)
) -> tuple[Figure, ...]:
    """Return the figures of memory and of the start."""
    clock = SystemClock()
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    # The stage's own bot is served over HTTP; the one that is measured has the socket.
    async with open_stage(clock, chance, mode=Mode.HTTP) as stage:
        stage.slack.request_url = None
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "runbell.yml"
            environment = _write(config, stage.settings)
            # The first start compiles what has changed since the last one.
            await _live(stage, config, environment, timedelta())
            lives = [
                await _live(stage, config, environment, idle_for) for _ in range(rounds)
            ]
        count = len(stage.settings.connections)
    return _memory(lives, count, idle_for), _start(lives, count)


async def _live(
    stage: Stage, config: Path, environment: dict[str, str], idle_for: timedelta
) -> Life:
    """Start the bot, ask it once, leave it alone, and stop it."""
    begin = time.perf_counter()
    served = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "-c", str(config)),
        cwd=ROOT,
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


def _write(config: Path, settings: Settings) -> dict[str, str]:
    """Write the stage's settings as a person would, secrets in the environment."""
    environment = {
        **os.environ,
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
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return environment


def _memory(lives: list[Life], count: int, idle_for: timedelta) -> Figure:
    held = [life.idle for life in lives if life.idle is not None]
    begun = [life.at_start for life in lives if life.at_start is not None]
    return Figure(
        title=f"Memory of `runbell serve`, idle, with {count} connections",
        goal=f"less than {MOST_BYTES / 1e6:.0f} MB resident",
        measured=_megabytes(held),
        is_met=bool(held) and statistics.median(held) < MOST_BYTES,
        how=(
            "The resident set (VmRSS) of the process, in Socket Mode with the local "
            "Slack and the five simulated clouds, after it has answered a "
            f"`/runs status` of all of them and then been left alone for "
            f"{idle_for.total_seconds():g} s; {len(lives)} starts."
        ),
        details=(("before its first answer", _megabytes(begun)),),
    )


def _start(lives: list[Life], count: int) -> Figure:
    took = [life.ready for life in lives]
    median = statistics.median(took)
    return Figure(
        title=f"Start of `runbell serve` to ready, with {count} connections",
        goal=f"less than {MOST_SECONDS:g} s",
        measured=f"{median:.2f} s ({min(took):.2f} to {max(took):.2f})",
        is_met=median < MOST_SECONDS,
        how=(
            "From the start of the process, its imports compiled before, until the "
            f"local Slack has its socket; {len(lives)} starts."
        ),
    )


def _megabytes(sizes: list[int]) -> str:
    if not sizes:
        return "unknown: this system does not tell"
    middle, least, most = (
        f"{size / 1e6:.1f}" for size in (statistics.median(sizes), *_ends(sizes))
    )
    return f"{middle} MB ({least} to {most})"


def _ends(sizes: list[int]) -> tuple[int, int]:
    return min(sizes), max(sizes)
