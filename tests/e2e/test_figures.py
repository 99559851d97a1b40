"""What `/metrics` says of a bot at work: every figure is fed by what happens."""

from __future__ import annotations

import random
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.demo.clouds.world import Ending
from bot.demo.stage import open_stage
from tests.e2e.test_watch import MINUTE, PIPELINES, Scene, scene_of
from tests.fakes.clock import FakeClock
from tests.fakes.engine import HandEngine

PASSES, FAILS = Ending.PASSES, Ending.FAILS
LABELS = frozenset({"connection", "le"})


async def figures(scene: Scene) -> dict[str, float]:
    """Return the samples by name, with the connection where there is one."""
    watch = scene.stage.bot.watch
    assert watch is not None
    text = (await watch.vitals.metrics()).decode()
    assert scene.stage.channel.id not in text
    assert scene.pipeline.id not in text
    assert scene.pipeline.name not in text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert set(sample.labels) <= LABELS, sample
            connection = sample.labels.get("connection", "")
            assert connection in {"", *PIPELINES}, sample
            if "le" not in sample.labels:
                name = sample.name.removeprefix("runbell_")
                found[f"{name} {connection}".strip()] = sample.value
    return found


async def test_an_alert_is_seen_in_every_figure_it_passes_through(
    clock: FakeClock,
) -> None:
    async with scene_of("flow", clock) as scene:
        await scene.watch()
        await scene.run(PASSES)
        before = await figures(scene)
        scene.stage.slack.fail_next("chat.postMessage", "ratelimited", retry_after=1800)
        await scene.run(FAILS)
        held_up = await figures(scene)
        await scene.pass_time(30 * MINUTE)
        after = await figures(scene)
        scene.stage.slack.refused.clear()  # the limit that was asked for

    assert held_up["looks_total flow"] > before["looks_total flow"] > 0
    assert held_up["requests_total flow"] > before["requests_total flow"] > 0
    lag = "observation_lag_seconds"
    counted, summed = f"{lag}_count flow", f"{lag}_sum flow"
    assert held_up[counted] > before[counted] > 0
    assert 0 < held_up[summed] <= held_up[counted] * 180
    # While Slack limits us…
    assert held_up["slack_waits_total"] == 1
    assert held_up["outbox_messages"] == 2  # the card, and the end of the log
    assert 0 < held_up["outbox_oldest_seconds"] < 600
    assert held_up["alert_latency_seconds_count"] == 0
    # … and when it is over.
    assert (after["outbox_messages"], after["outbox_oldest_seconds"]) == (0, 0)
    assert after["alert_latency_seconds_count"] == after["messages_sent_total"] == 2
    assert after["alert_latency_seconds_sum"] >= 2 * 1800
    assert after["watch_duplicates_possible_total"] == 0
    assert after["connection_blind flow"] == 0


async def test_a_connection_of_which_nothing_is_seen_is_so_in_the_figures_alone(
    clock: FakeClock,
) -> None:
    async with scene_of("flow", clock) as scene:
        await scene.watch()
        scene.stage.clouds["flow"].trouble.down = -1
        await scene.pass_time(20 * MINUTE)
        found = await figures(scene)

    assert found["connection_blind flow"] == 1
    assert found["looks_failed_total flow"] > 0
    assert found["requests_failed_total flow"] > 0
    assert found["connection_blind check"] == 0
    assert found.get("looks_failed_total check", 0) == 0


@pytest.mark.parametrize(
    ("fault", "avoided", "resent"),
    [("drop_after_accept", 1, 0), ("fail_after_accept", 1, 0), (500, 0, 1)],
)
async def test_a_doubt_is_counted_as_what_it_came_to(
    clock: FakeClock, fault: str | int, avoided: int, resent: int
) -> None:
    async with scene_of("flow", clock) as scene:
        await scene.watch()
        await scene.run(PASSES)
        scene.stage.slack.fail_next("chat.postMessage", fault)
        await scene.run(FAILS)
        found = await figures(scene)
        scene.stage.slack.refused.clear()  # the fault that was asked for

    assert found["outcomes_unknown_total"] == 1
    assert found["duplicates_avoided_total"] == avoided
    assert found["messages_resent_total"] == resent
    assert found["watch_duplicates_possible_total"] == resent


async def test_how_many_failures_are_a_storm_is_a_setting(clock: FakeClock) -> None:
    changes: dict[str, Any] = {"watch": {"storm": 2, "storm_within": 3600}}
    engine = HandEngine()
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        engine=engine,
        **changes,
    ) as stage:
        scene = Scene(stage, clock, engine, "flow")
        await scene.watch(target="flow:")
        await scene.pass_time()
        for ending in (PASSES, FAILS):
            for pipeline in list(scene.world.pipelines())[:2]:
                scene.world.start(pipeline.id, ending)
            await scene.pass_time(20 * MINUTE)

        said = [message.text for message in scene.messages()]
    assert any("at once in flow" in text for text in said), said
