"""How long `/runs status` of 50 pipelines takes us where everything is cached."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import timedelta

from bot.answers import Status
from bot.commands.answering import answer
from bot.demo.clouds.server import Cloud
from bot.demo.clouds.world import Ending, SimPipeline, digits
from bot.demo.scenery import BUILD, DEPLOY, TEST
from bot.demo.stage import open_stage
from bot.render.rendering import render
from bot.settings import Mode
from tests.bench.figure import Figure
from tests.bench.sampling import calls, in_turn, ms
from tests.fakes.clock import FakeClock

MOST = 0.010
"""Seconds at p50."""
PIPELINES = 50


async def answering(
    *, pipelines: int = PIPELINES, rounds: int = 10, times: int = 40
) -> Figure:
    """Return how long it takes from the text of a command to the bytes for Slack."""
    clock = FakeClock()  # it stands still, so nothing in the cache ever grows old
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    handed: list[bytes] = []
    async with open_stage(clock, chance, mode=Mode.HTTP) as stage:
        _fill(stage.clouds, pipelines)
        desk = stage.bot.desk

        async def command() -> None:
            message = render(await answer(desk, "status"), clock.now())
            body = {"text": message.text, "blocks": message.blocks}
            handed[:] = [json.dumps(body).encode()]

        first = await answer(desk, "status")
        asked = sum(len(cloud.seen) for cloud in stage.clouds.values())
        found = await in_turn({"status": calls(command)}, rounds=rounds, times=times)
        again = sum(len(cloud.seen) for cloud in stage.clouds.values()) - asked
    rows = (
        len([row for part in first.parts for row in part.rows if row.run])
        if (isinstance(first, Status))
        else 0
    )
    samples = found["status"]
    return Figure(
        title=f"Full answer to a cached `/runs status` of {pipelines} pipelines",
        goal=f"own time at most {ms(MOST)} at p50",
        measured=ms(samples.p50),
        is_met=samples.p50 <= MOST and again == 0,
        how=(
            "From the text of the command to the bytes of the message handed to Slack: "
            "grammar, targets, cache, answer, blocks and their JSON. The pipelines are "
            "on the five simulated clouds, asked once before through real sockets; "
            f"{times} calls in each of {rounds} rounds. Nothing is sent."
        ),
        details=(
            ("p99", ms(samples.percentile(99))),
            ("pipelines with a run in the answer", str(rows)),
            ("message", f"{len(handed[0])} bytes"),
            ("calls to providers while measuring", str(again)),
        ),
    )


def _fill(clouds: Mapping[str, Cloud], wanted: int) -> None:
    """Add pipelines to the clouds of the demo until there are so many."""
    there = sum(len(cloud.world.pipelines()) for cloud in clouds.values())
    for number in range(wanted - there):
        name = "codearts" if number % 2 else "flow"
        label = f"service-{number:02d}"
        clouds[name].world.add(
            SimPipeline(
                id=digits(label) if name == "codearts" else str(5000 + number),
                name=label,
                stages=(BUILD, TEST, DEPLOY),
                every=timedelta(minutes=7 + number),
                endings=(Ending.PASSES, Ending.FAILS, Ending.PASSES),
            )
        )
