"""Slack would take every form, whatever it is filled in with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.views import View

from bot.answers import Choosable, Form, Shelf
from bot.demo.slack.blocks.check import check_view, is_too_large
from bot.records import Event, Style
from bot.render.dialog import STYLES, Field, dialog, options
from bot.render.words import EVENTS

TEXT = st.text(max_size=20) | st.text(min_size=1, max_size=3).map(lambda s: s * 900)
FORMS = st.builds(
    Form,
    watch=st.none() | TEXT,
    target=st.none() | TEXT,
    name=TEXT,
    on=st.frozensets(st.sampled_from(Event)),
    branch=TEXT,
    mention=st.none() | st.just("U0KIM"),
    style=st.sampled_from(Style),
    rest=TEXT,
    channel=st.none() | TEXT,
)
SHELVES = st.lists(
    st.builds(
        Shelf,
        title=TEXT,
        choices=st.lists(st.builds(Choosable, target=TEXT, label=TEXT), max_size=5).map(
            tuple
        ),
        note=TEXT,
    ),
    max_size=5,
)


def fields(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}


@given(form=FORMS, here=st.none() | st.just("C0CI"), typed=st.none() | TEXT, note=TEXT)
def test_slack_would_take_every_form(
    form: Form, here: str | None, typed: str | None, note: str
) -> None:
    view = dialog(form, here=here, typed=typed, note=note, metadata="{}")

    assert list(check_view(view, ("modal",))) == []
    assert not is_too_large(view)
    View(**view).validate_json()


@given(shelves=SHELVES)
def test_slack_would_take_every_suggestion(shelves: list[Shelf]) -> None:
    for group in options(shelves):
        assert 1 <= len(group["label"]["text"]) <= 75
        assert 1 <= len(group["options"]) <= 100
        for option in group["options"]:
            assert 1 <= len(option["text"]["text"]) <= 75
            assert 1 <= len(option["value"]) <= 150


def test_every_event_and_style_can_be_chosen() -> None:
    assert set(EVENTS) == set(Event)
    assert len(EVENTS) <= 10
    assert set(STYLES) == set(Style)


def test_a_new_form_is_filled_in_with_the_defaults() -> None:
    view = dialog(Form(), here="C0CI", typed=None, note="", metadata="{}")
    found = fields(view)

    assert list(found) == list(Field)
    ticked = found[Field.ON]["element"]["initial_options"]
    assert [option["value"] for option in ticked] == ["broken", "fixed"]
    assert found[Field.STYLE]["element"]["initial_option"]["value"] == "both"
    assert "initial_option" not in found[Field.TARGET]["element"]
    assert found[Field.CHANNEL]["element"]["initial_conversation"] == "C0CI"
    optional = [name for name, block in found.items() if block["optional"]]
    assert optional == [Field.BRANCH, Field.MENTION]


def test_in_a_direct_message_a_channel_may_be_chosen_and_none_is_the_person() -> None:
    view = dialog(Form(), here=None, typed=None, note="", metadata="{}")

    block = fields(view)[Field.CHANNEL]
    assert block["optional"] is True
    assert block["hint"]["text"] == "Empty: you, in a direct message."
    assert "initial_conversation" not in block["element"]
    named = dialog(Form(channel="C0OPS"), here="C0CI", typed="", note="", metadata="")
    chosen = fields(named)[Field.CHANNEL]["element"]
    assert chosen["initial_conversation"] == "C0OPS"


def test_a_watch_that_is_changed_stays_what_and_where_it_is() -> None:
    form = Form(watch="w7k3f", target="ci:release", branch="main", rest="after:2")
    view = dialog(form, here="C0CI", typed="/runs w", note="Twice.", metadata="{}")

    assert not {Field.TARGET, Field.CHANNEL} & set(fields(view))
    assert view["blocks"][0]["text"]["text"] == "w7k3f watches ci:release"
    assert fields(view)[Field.BRANCH]["element"]["initial_value"] == "main"
    rows = view["blocks"][-1]["elements"]
    said = ["".join(e["text"] for e in row["elements"]) for row in rows]
    assert said == [
        "The same, typed: /runs w",
        "It keeps: after:2",
        "Twice.",
    ]


def test_that_a_group_is_mentioned_is_said_where_only_people_can_be_chosen() -> None:
    form = Form(watch="w7k3f", target="ci:release", rest="mention:S0TEAM")
    view = dialog(form, here=None, typed="", note="", metadata="")
    hint = fields(view)[Field.MENTION]["hint"]
    assert hint["text"].startswith("A group is mentioned now")
    person = replace(form, mention="U0KIM")
    view = dialog(person, here=None, typed="", note="", metadata="")
    told = fields(view)[Field.MENTION]
    assert told["element"]["initial_user"] == "U0KIM"
    assert "hint" not in told
