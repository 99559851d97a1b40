"""Slack's limits hold, whatever is in an answer."""

from __future__ import annotations

import json
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import (
    Answer,
    Dialog,
    Health,
    Help,
    Log,
    Mutes,
    Pending,
    Problem,
    Rehearsal,
    RunList,
    Show,
    Status,
    Watches,
    Why,
    Wrote,
)
from bot.render.data import data
from bot.render.rendering import render
from bot.render.terminal import terminal
from tests.bot.render.anything import (
    ANSWERS,
    check_actions,
    check_limits,
)
from tests.bot.render.drawn import (
    NOW,
)


def test_every_sort_of_answer_is_among_those_tried() -> None:
    assert set(get_args(Answer)) == {
        Status, RunList, Show, Log, Health, Help, Problem, Dialog, Pending,
        Wrote, Watches, Mutes, Rehearsal, Why,
    }  # fmt: skip


@given(ANSWERS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_slack_would_take_every_message(
    answer: Answer,
    is_private: bool,  # noqa: FBT001 - drawn
) -> None:
    message = render(answer, NOW, is_private=is_private)

    for sent in (message, message.shared_by("U123")):
        check_limits(sent)
        check_actions(sent)
    assert len(message.plainly().text) <= 4000
    assert terminal(message, NOW).plain
    json.dumps(data(answer))
