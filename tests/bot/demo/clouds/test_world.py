"""The simulated pipelines: what is over stays as it is, until something begins."""

from __future__ import annotations

from datetime import timedelta

from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World
from providers.model import State
from tests.fakes.clock import FakeClock

BUILD = Stage("build", (Job("make", timedelta(minutes=1)),))


def test_a_run_that_begins_or_begins_anew_is_seen_after_all_were_over() -> None:
    clock = FakeClock()
    world = World(clock)
    day, hour = timedelta(days=1), timedelta(hours=1)
    rare = SimPipeline(id="p", name="p", stages=(BUILD,), every=day, phase=hour)
    world.add(rare, history=1)
    clock.move(timedelta(minutes=10))
    assert [view.state for view in world.runs("p")] == [State.SUCCEEDED]

    world.start("p", Ending.FAILS)
    assert [view.state for view in world.runs("p")] == [State.QUEUED, State.SUCCEEDED]
    clock.move(timedelta(minutes=2))
    assert [view.state for view in world.runs("p")] == [State.FAILED, State.SUCCEEDED]

    world.retry("p", 2, Ending.PASSES)
    assert [view.state for view in world.runs("p")] == [State.QUEUED, State.SUCCEEDED]


def test_the_next_run_of_a_rhythm_is_seen_after_all_were_over() -> None:
    clock = FakeClock()
    world = World(clock)
    pipeline = SimPipeline(
        id="p", name="p", stages=(BUILD,), every=timedelta(minutes=30)
    )
    world.add(pipeline, history=1)
    clock.move(timedelta(minutes=10))
    before = len(world.runs("p"))

    clock.move(timedelta(minutes=30))

    assert len(world.runs("p")) == before + 1
