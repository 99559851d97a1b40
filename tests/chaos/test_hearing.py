"""The ear: it reads what Runbell really writes, and what nobody should have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.alerts import Alert, Card, Storm, StormLine, Update
from bot.alerts import Said as Notice
from bot.demo.slack import Message
from bot.demo.slack.messages import Content
from bot.demo.slack.workspace import Channel, User
from bot.records import Event
from bot.render.alert.drawing import draw
from providers.model import Pipeline, PipelineRef, Run, RunRef, State
from tests.chaos.hearing import content_says
from tests.chaos.ledger import Form, News, Said

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
FLOW = Pipeline(ref=PipelineRef("flow", "1003"), name="flow-3")
UNNUMBERED = Pipeline(ref=PipelineRef("northflank", "shop/3"), name="northflank-3")
NUMBERS = {"a" * 32: 7, f"northflank-3 {int(NOON.timestamp())}": 8}
"""Of the runs of the vendor that numbers none."""


def run(number: int | None, state: State = State.FAILED, ident: str = "12") -> Run:
    pipeline = FLOW if number else UNNUMBERED
    return Run(
        ref=RunRef(pipeline.ref, ident),
        state=state,
        number=number,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=1),
    )


BROKEN = Card(
    incident="4f2a9c",
    watch="w7k3f",
    event=Event.BROKEN,
    pipeline=FLOW,
    run=run(12),
    red_since=NOON,
    streak=1,
)
FIXED = replace(
    BROKEN, event=Event.FIXED, run=run(14, State.SUCCEEDED), red_since=NOON, streak=2
)
REPLY = Update(
    event=Event.FIXED,
    pipeline=FLOW,
    run=run(14, State.SUCCEEDED),
    red_since=NOON,
    streak=2,
)
LOG = Update(
    event=Event.BROKEN, pipeline=FLOW, run=run(12), log="flow-9 fixed", log_of="Work"
)


def content_of(alert: Alert) -> Content:
    message = draw(alert, NOON + timedelta(minutes=2))
    return Content(text=message.text, blocks=[dict(b) for b in message.blocks])


def heard(
    content: Content, *, thread: str | None = None, is_edit: bool = False
) -> list[Said]:
    message = Message(
        Channel("C0FLOW", "flow"),
        f"{NOON.timestamp():.6f}",
        User("U0BOT", "runbell"),
        content,
        thread_ts=thread,
    )
    return list(content_says(message, content, NUMBERS, is_edit=is_edit))


def gist(said: list[Said]) -> list[tuple[Any, ...]]:
    return [(one.form, one.pipeline, one.number, one.news, one.runs) for one in said]


@pytest.mark.parametrize(
    ("alert", "thread", "expected"),
    [
        (BROKEN, None, (Form.POST, "flow-3", 12, News.BROKEN, None)),
        (FIXED, None, (Form.EDIT, "flow-3", 14, News.FIXED, 2)),
        (FIXED, None, (Form.POST, "flow-3", 14, News.FIXED, 2)),
        (REPLY, "1.1", (Form.REPLY, "flow-3", 14, News.FIXED, 2)),
        (LOG, "1.1", (Form.LOG, "flow-3", 12, News.BROKEN, None)),
        (
            replace(BROKEN, event=Event.STILL_BROKEN, streak=3, first_run=run(10)),
            None,
            (Form.EDIT, "flow-3", 12, News.BROKEN, None),
        ),
        (
            replace(BROKEN, pipeline=UNNUMBERED, run=run(None, ident="a" * 32)),
            None,
            (Form.POST, "northflank-3", 7, News.BROKEN, None),
        ),
        (
            replace(REPLY, pipeline=UNNUMBERED, run=run(None, State.SUCCEEDED)),
            "1.1",
            (Form.REPLY, "northflank-3", 8, News.FIXED, 2),
        ),
        (
            Notice(what="I cannot see flow: it is down."),
            None,
            (Form.NOTICE, "flow", 0, News.BROKEN, None),
        ),
        (
            Notice(what="I can see flow again.", is_over=True),
            None,
            (Form.NOTICE, "flow", 0, News.FIXED, None),
        ),
    ],
)
def test_what_runbell_writes_is_understood(
    alert: Alert, thread: str | None, expected: tuple[Any, ...]
) -> None:
    is_edit = expected[0] is Form.EDIT

    assert gist(heard(content_of(alert), thread=thread, is_edit=is_edit)) == [expected]


def test_a_message_for_many_is_read_to_the_last_line_it_shows() -> None:
    lines = tuple(
        StormLine(pipeline=FLOW, run=run(number), event=Event.BROKEN)
        for number in range(1, 8)
    )
    late = StormLine(pipeline=UNNUMBERED, run=run(None), event=Event.STILL_BROKEN)
    many = content_of(Storm(lines=(*lines, late), count=8))

    assert gist(heard(many)) == [
        *((Form.LIST, "flow-3", n, News.BROKEN, None) for n in range(1, 8)),
        (Form.LIST, "northflank-3", 8, None, None),
    ]


def test_the_end_of_many_may_name_none() -> None:
    over = content_of(Storm(lines=(), count=8, connection="flow", is_over=True))

    assert gist(heard(over, thread="1.1")) == [(Form.OVER, "", 0, None, None)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(BROKEN, run=run(13)), id="another run"),
        pytest.param(replace(BROKEN, pipeline=UNNUMBERED), id="another pipeline"),
        pytest.param(FIXED, id="the contrary"),
        pytest.param(Notice(what="I can see flow again."), id="something else"),
    ],
)
def test_nobody_knows_what_a_message_says_whose_notification_says_another_thing(
    other: Alert,
) -> None:
    mixed = replace(content_of(BROKEN), blocks=content_of(other).blocks)

    assert [one.form for one in heard(mixed)] == [Form.STRANGE]


@pytest.mark.parametrize("text", ["", "boo", "flow-3", "flow-3 #12 is fine"])
def test_nor_what_says_nothing_of_any_run(text: str) -> None:
    assert [one.form for one in heard(Content(text=text))] == [Form.STRANGE]


def test_a_message_that_is_plain_text_alone_is_read_as_such() -> None:
    [said] = heard(Content(text=content_of(FIXED).text))

    assert gist([said]) == [(Form.POST, "flow-3", 14, News.FIXED, 2)]
