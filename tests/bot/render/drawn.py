"""Answers, and what is drawn of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.answers import (
    Answer,
    Part,
    Row,
    Status,
    Trouble,
)
from bot.render.rendering import render
from bot.render.terminal import terminal
from providers.model import (
    Pipeline,
    PipelineRef,
    State,
    Task,
    TaskKind,
)
from tests.fakes.provider import NOON, make_run

NOW = NOON + timedelta(hours=1)
RELEASE = Pipeline(
    ref=PipelineRef("ci", "release"), name="release", url="https://ci.example/release"
)
TROUBLE = Trouble(
    what="the credential was not accepted",
    detail="HTTP 401: expired",
    advice="Renew it.",
    since=NOON,
    code="E401",
    request_id="r-1",
)


def shown(answer: Answer) -> str:
    return terminal(render(answer, NOW), NOW).plain


def status_of(*rows: Row, **more: Any) -> Status:
    part = Part(connection="ci", title="Fake CI", rows=worst_first(*rows), **more)
    return Status(asked=None, parts=(part,))


def row(name: str, number: int, state: State, **more: Any) -> Row:
    pipeline = Pipeline(ref=PipelineRef("ci", name), name=name)
    run = make_run(pipeline.ref, number, state, **more)
    return Row(pipeline=pipeline, run=run, opens=f"show ci:{name} #{number}")


def worst_first(*rows: Row) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.rank))


def pressable(answer: Answer, *, is_private: bool = False) -> list[dict[str, Any]]:
    message = render(answer, NOW, is_private=is_private)
    blocks = [b["elements"] for b in message.blocks if b["type"] == "actions"]
    return [element for elements in blocks for element in elements]


def names(answer: Answer, *, is_private: bool = False) -> list[str]:
    return [e["action_id"] for e in pressable(answer, is_private=is_private)]


def tree(state: State = State.FAILED) -> tuple[Task, ...]:
    step = Task(kind=TaskKind.STEP, name="pytest", state=state, message="3 failed")
    job = Task(
        kind=TaskKind.JOB,
        name="unit",
        state=state,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=20),
        children=(step,),
    )
    build = Task(kind=TaskKind.STAGE, name="Build", state=State.SUCCEEDED)
    return (build, Task(kind=TaskKind.STAGE, name="Test", state=state, children=(job,)))
