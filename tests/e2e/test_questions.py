"""A command typed in Slack is answered with true runs of every cloud."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.demo.clouds.world import Ending, RunView, SimPipeline
from bot.demo.prompt import ask
from bot.demo.stage import Stage
from bot.render.terminal import terminal
from providers.model import State
from tests.fakes.clock import FakeClock

CONNECTIONS = ("nsml", "flow", "codearts", "check", "northflank")

WORDS = {
    State.SUCCEEDED: {"passed"},
    State.FAILED: {"failed", "failed the quality gate"},
    State.RUNNING: {"running"},
    State.QUEUED: {"queued", "running"},
    State.WAITING: {"paused", "waiting for approval"},
    State.CANCELED: {"canceled"},
}
"""What may truly be said of a run that stands so."""


async def lines(stage: Stage, clock: FakeClock, text: str) -> list[str]:
    """Type a command and return the lines of the answer as people read them."""
    message = (await ask(stage, text))[-1].message
    assert message.text
    return terminal(message, clock.now()).plain.splitlines()


def told(name: str, view: RunView) -> set[str]:
    """Return the words that say truly where a run of the world stands."""
    if name == "nsml":
        # It says that a run ended, never how.
        return {"completed"} if view.state.is_over else {"running"}
    if name == "northflank" and view.state is State.CANCELED:
        return {"canceled", "failed"}
    return WORDS[view.state]


def line_of(found: list[str], pipeline: SimPipeline) -> str:
    """Return the line about a pipeline; vendors decorate the name, never change it."""
    about = [line for line in found if says(line, pipeline)]
    assert len(about) == 1, (pipeline.name, found)
    return about[0]


def says(line: str, pipeline: SimPipeline) -> bool:
    return re.search(rf"  {re.escape(pipeline.name)}( |$)", line) is not None


async def test_status_tells_the_truth_about_every_pipeline_of_every_cloud(
    stage: Stage, clock: FakeClock
) -> None:
    found = await lines(stage, clock, "status")

    for name, cloud in stage.clouds.items():
        assert any(line.startswith(f"{name}  ") for line in found)
        for pipeline in cloud.world.pipelines():
            line = line_of(found, pipeline)
            views = cloud.world.runs(pipeline.id)
            if not views:
                assert line.startswith("⚪ never ran")
                continue
            said = line.split(" ", 1)[1].split("  ")[0]
            assert said in told(name, views[0]), line


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_list_tells_the_truth_about_the_runs_of_a_pipeline(
    stage: Stage, clock: FakeClock, name: str
) -> None:
    cloud = stage.clouds[name]
    pipeline = cloud.world.pipelines()[0]

    found = await lines(stage, clock, f"list {name}:{pipeline.name}*")

    views = cloud.world.runs(pipeline.id)
    listed = [line for line in found if says(line, pipeline)]
    assert len(listed) == min(10, len(views))
    if name == "check":
        # Its history tells of older scans only that they ended.
        said = listed[0].split(" ", 1)[1].split("  ")[0]
        assert said in told(name, views[0])
        return
    for line, view in zip(listed, views, strict=False):
        said = line.split(" ", 1)[1].split("  ")[0]
        assert said in told(name, view), line
        if "#" in line:
            assert f"#{view.run.number} " in line


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_what_happens_in_a_cloud_is_seen_at_the_next_look(
    socket_stage: Stage, clock: FakeClock, name: str
) -> None:
    stage = socket_stage
    cloud = stage.clouds[name]
    pipeline = cloud.world.pipelines()[0]
    question = f"status {name}:{pipeline.name}*"
    await ask(stage, question)

    clock.move(timedelta(seconds=30))
    cloud.world.start(pipeline.id, Ending.FAILS)
    clock.move(timedelta(seconds=15))
    during = line_of(await lines(stage, clock, question), pipeline)
    clock.move(pipeline.every - timedelta(seconds=60))
    after = line_of(await lines(stage, clock, question), pipeline)

    assert during.startswith("🔄 running")
    assert after.startswith("✅ completed" if name == "nsml" else "❌ failed")


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_show_tells_what_failed_in_a_run(
    stage: Stage, clock: FakeClock, name: str
) -> None:
    cloud = stage.clouds[name]
    pipeline = cloud.world.pipelines()[0]
    clock.move(timedelta(seconds=30))
    run = cloud.world.start(pipeline.id, Ending.FAILS)
    clock.move(pipeline.every - timedelta(seconds=60))
    view = run.at(clock.now())
    assert view.state is State.FAILED

    found = await lines(stage, clock, f"show {name}:{pipeline.name}*")

    if name == "nsml":
        assert "completed" in found[0]
        return
    assert "failed" in found[0]
    job = pipeline.stages[-1].jobs[-1].name
    assert any(line.startswith("Failed in ") for line in found), found
    if name in {"flow", "codearts"}:
        assert any(job in line for line in found if line.startswith("Failed in "))


@pytest.mark.parametrize("name", ["flow", "codearts", "check", "northflank"])
async def test_log_shows_the_end_of_the_log_of_what_failed(
    stage: Stage, clock: FakeClock, name: str
) -> None:
    cloud = stage.clouds[name]
    if name == "check":
        cloud.world.pipelines()[0].traits["fails"] = "scan"
    pipeline = cloud.world.pipelines()[0]
    clock.move(timedelta(seconds=30))
    cloud.world.start(pipeline.id, Ending.FAILS)
    clock.move(pipeline.every - timedelta(seconds=60))

    found = await lines(stage, clock, f"log {name}:{pipeline.name}*")

    assert any(line.startswith("Log of ") for line in found), found


async def test_health_and_what_needs_attention(stage: Stage, clock: FakeClock) -> None:
    health = await lines(stage, clock, "health")
    assert health[0] == "5 of 5 connections well"

    bare = await lines(stage, clock, "")
    assert any("❌ failed" in line for line in bare)
    assert not any(line.startswith("✅") for line in bare)


async def test_help_and_mistakes_are_answered(stage: Stage, clock: FakeClock) -> None:
    assert (await lines(stage, clock, "help"))[0] == "What I can do"
    assert "• /runs status web" in await lines(stage, clock, "statsu web")
    assert "No pipeline fits “nope”." in await lines(stage, clock, "list nope")
    wrong = await lines(stage, clock, "status payments-relaese")
    assert any(line.startswith("• /runs status flow:1233  ") for line in wrong)


async def test_an_answer_is_acknowledged_at_once_and_seen_by_nobody_else(
    stage: Stage,
) -> None:
    other = stage.slack.add_user("other")
    ack = await stage.slack.slash(stage.person, stage.channel, "/runs", "status")
    said = await stage.slack.next_message(stage.channel, after=ack, viewer=stage.person)

    assert ack.error is None
    assert ack.took < timedelta(seconds=1)
    assert said.is_ephemeral
    assert stage.slack.messages(stage.channel) == []
    assert stage.slack.messages(stage.channel, viewer=other) == []


async def test_a_command_delivered_twice_is_answered_once(stage: Stage) -> None:
    ack = await stage.slack.slash(stage.person, stage.channel, "/runs", "help")
    await stage.slack.next_message(stage.channel, after=ack, viewer=stage.person)

    await stage.slack.redeliver(ack)
    later = await stage.slack.slash(stage.person, stage.channel, "/runs", "help")
    await stage.slack.next_message(stage.channel, after=later, viewer=stage.person)

    seen = stage.slack.messages(stage.channel, viewer=stage.person)
    assert len(seen) == 2


async def test_what_is_typed_rings_nobody(stage: Stage) -> None:
    [said] = await ask(stage, "status <!channel> & <@U1>")
    message = said.message

    assert "<!channel>" not in message.text


async def test_hundred_questions_at_once_cost_each_cloud_one_look(
    socket_stage: Stage,
) -> None:
    stage = socket_stage
    await ask(stage, "status")
    before = {name: len(cloud.seen) for name, cloud in stage.clouds.items()}
    assert all(before.values())

    for _ in range(20):
        await ask(stage, "status")

    # The clock stands still: nothing is older than it may be.
    after = {name: len(cloud.seen) for name, cloud in stage.clouds.items()}
    assert after == before


async def test_a_mention_is_answered_in_its_thread_for_all_to_see(stage: Stage) -> None:
    ack = await stage.slack.mention(stage.person, stage.channel, "status flow")
    assert ack.message is not None
    said = await stage.slack.next_message(stage.channel, after=ack)

    assert said.thread_ts == ack.message.ts
    assert not said.is_ephemeral
    assert "failed" in said.text or "passed" in said.text


async def test_a_direct_message_needs_no_command(stage: Stage) -> None:
    room = stage.slack.open_dm(stage.person)

    ack = await stage.slack.dm(stage.person, "health")
    said = await stage.slack.next_message(room, after=ack, viewer=stage.person)

    assert said.text.startswith("5 of 5 connections well")
    assert said.thread_ts is None
