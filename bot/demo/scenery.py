"""What the demo's clouds hold: one team's pipelines, some red, some running."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World, digits
from providers.model import TriggerKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.clock import Clock

PASSES, FAILS, CANCELED, WAITS = (
    Ending.PASSES,
    Ending.FAILS,
    Ending.CANCELED,
    Ending.WAITS,
)


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


BUILD = Stage(
    "Build", (Job("compile", _seconds(25), ("checkout", "compile", "package")),)
)
TEST = Stage(
    "Test",
    (
        Job("unit", _seconds(20), ("install", "pytest"), "3 of 412 tests failed"),
        Job(
            "integration",
            _seconds(35),
            ("database", "pytest"),
            "test_refund: expected 200, got 502",
        ),
    ),
)
DEPLOY = Stage(
    "Deploy", (Job("roll out", _seconds(30), ("apply",), "0 of 3 pods became ready"),)
)
TRAIN = Stage("Train", (Job("train", timedelta(minutes=6), ("run",)),))
SCAN = Stage("Scan", (Job("scan", _seconds(45), ("scan",), "2 critical issues"),))


def worlds(clock: Clock) -> Mapping[str, World]:
    """Return the world of each kind of cloud, beginning at the clock's present time."""
    return {
        "nsml": _world(
            clock,
            SimPipeline(
                id="2mdnduoena36ekcv4v7",
                name="recommender",
                stages=(TRAIN,),
                every=timedelta(minutes=11),
                traits={"gpu": "NVIDIA A100"},
            ),
            SimPipeline(
                id="2x6ijrgeyq6s3ojy9ur",
                name="speech-ko",
                phase=timedelta(minutes=19),
                stages=(TRAIN,),
                every=timedelta(minutes=47),
            ),
        ),
        "yunxiao": _world(
            clock,
            SimPipeline(
                id="1233",
                name="payments-release",
                stages=(BUILD, TEST, DEPLOY),
                every=timedelta(minutes=6),
                endings=(PASSES, FAILS, PASSES),
            ),
            SimPipeline(
                id="1240",
                name="nightly",
                phase=timedelta(minutes=170),
                stages=(BUILD, TEST),
                every=timedelta(hours=24),
                endings=(PASSES, PASSES, FAILS),
                triggers=(TriggerKind.SCHEDULE,),
            ),
        ),
        "codearts-pipeline": _world(
            clock,
            SimPipeline(
                id=digits("pipeline web"),
                name="web",
                stages=(BUILD, TEST, DEPLOY),
                every=timedelta(minutes=9),
                endings=(PASSES, PASSES, FAILS, PASSES),
            ),
            SimPipeline(
                id=digits("pipeline release"),
                name="release",
                phase=timedelta(minutes=95),
                stages=(BUILD, DEPLOY),
                every=timedelta(hours=5),
                endings=(*[PASSES] * 11, WAITS),
            ),
            never=SimPipeline(
                id=digits("pipeline sandbox"), name="sandbox", stages=(BUILD,)
            ),
        ),
        "codearts-check": _world(
            clock,
            SimPipeline(
                id=digits("check web"),
                name="web-quality",
                stages=(SCAN,),
                every=timedelta(minutes=20),
                endings=(PASSES, FAILS),
            ),
            SimPipeline(
                id=digits("check api"),
                name="api-quality",
                phase=timedelta(minutes=71),
                stages=(SCAN,),
                every=timedelta(hours=3),
            ),
        ),
        "northflank": _world(
            clock,
            SimPipeline(
                id="shop/pipelines/store/production",
                name="store",
                stages=(BUILD, DEPLOY),
                every=timedelta(minutes=14),
                endings=(PASSES, PASSES, FAILS),
            ),
            SimPipeline(
                id="shop/services/api",
                name="api",
                phase=timedelta(minutes=4),
                stages=(BUILD,),
                every=timedelta(minutes=8),
            ),
            SimPipeline(
                id="shop/jobs/invoices",
                name="invoices",
                phase=timedelta(minutes=13),
                stages=(Stage("Run", (Job("invoices", _seconds(40)),)),),
                every=timedelta(minutes=30),
                endings=(PASSES, CANCELED),
                triggers=(TriggerKind.SCHEDULE,),
            ),
        ),
    }


def _world(
    clock: Clock, *pipelines: SimPipeline, never: SimPipeline | None = None
) -> World:
    world = World(clock)
    for pipeline in pipelines:
        world.add(pipeline)
    if never is not None:
        world.add(never, history=0)
    return world
