"""Modals and the Home tab, with a real Bolt app behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, LocalSlack, NotPossible, User, View
from tests.fakes.clock import FakeClock

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def modal(title: str = "Watch", **more: Any) -> JSON:
    return {
        "type": "modal",
        "callback_id": "watch",
        "title": plain(title),
        "submit": plain("Save"),
        "blocks": [
            {
                "type": "input",
                "block_id": "target",
                "label": plain("Pipeline"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "typed",
                    "min_length": 2,
                },
            },
            {
                "type": "input",
                "block_id": "on",
                "optional": True,
                "label": plain("Ring on"),
                "element": {
                    "type": "checkboxes",
                    "action_id": "kinds",
                    "options": [
                        {"text": plain("broken"), "value": "broken"},
                        {"text": plain("fixed"), "value": "fixed"},
                    ],
                },
            },
            {
                "type": "actions",
                "block_id": "more",
                "elements": [
                    {"type": "button", "action_id": "deeper", "text": plain("More")}
                ],
            },
        ],
        **more,
    }


@pytest.fixture
async def opened(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> Callable[[], View]:
    """Open a modal by a command; the answer returns the one on top."""

    @bolt.app.command("/watch")
    async def watch(ack: Any, body: Any, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    await slack.slash(ann, ops, "/watch")

    def on_top() -> View:
        view = slack.view(ann)
        assert view is not None
        return view

    return on_top


async def test_a_modal_is_submitted_with_what_was_typed(
    slack: LocalSlack, bolt: Any, ann: User, opened: Callable[[], View]
) -> None:
    submitted: list[JSON] = []

    @bolt.app.view("watch")
    async def save(ack: Any, view: Any) -> None:
        submitted.append(view["state"]["values"])
        await ack()

    ack = await slack.submit(opened(), {"target": "release", "kinds": ["fixed"]})

    assert ack.error is None
    assert slack.view(ann) is None
    [values] = submitted
    assert values["target"]["typed"] == {"type": "plain_text_input", "value": "release"}
    assert [o["value"] for o in values["on"]["kinds"]["selected_options"]] == ["fixed"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"target": ""},
        {"target": "r"},
        {"target": "release", "nothing": "x"},
        {"target": "release", "on": ["never"]},
    ],
)
async def test_slacks_client_refuses_a_form_that_is_not_filled_in(
    slack: LocalSlack, opened: Callable[[], View], given: JSON
) -> None:
    before = len(slack.deliveries)

    with pytest.raises(NotPossible):
        await slack.submit(opened(), given)

    assert len(slack.deliveries) == before


@pytest.mark.parametrize(
    ("answer", "error", "title"),
    [
        ({"response_action": "errors", "errors": {"target": "?"}}, None, "Watch"),
        (
            {"response_action": "errors", "errors": {"typed": "?"}},
            "invalid_response_errors",
            "Watch",
        ),
        ({"response_action": "update", "view": modal("Saved")}, None, "Saved"),
        ({"response_action": "push", "view": modal("Sure?")}, None, "Sure?"),
        (
            {"response_action": "push", "view": modal("x" * 25)},
            "invalid_arguments",
            "Watch",
        ),
        ({"response_action": "clear"}, None, None),
        ({"response_action": "vanish"}, "invalid_response_action", "Watch"),
    ],
)
async def test_the_answer_to_a_submission_says_what_becomes_of_the_modal(
    slack: LocalSlack,
    bolt: Any,
    ann: User,
    opened: Callable[[], View],
    answer: JSON,
    error: str | None,
    title: str | None,
) -> None:
    @bolt.app.view("watch")
    async def save(ack: Any) -> None:
        await ack(**answer)

    ack = await slack.submit(opened(), {"target": "release"})

    assert ack.error == error
    view = slack.view(ann)
    assert (view and view.content["title"]["text"]) == title


async def test_modals_are_three_deep_at_most(
    slack: LocalSlack, bolt: Any, ann: User, opened: Callable[[], View]
) -> None:
    errors: list[str] = []

    @bolt.app.action("deeper")
    async def deeper(ack: Any, body: Any, client: Any) -> None:
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=modal("Next"))
        except SlackApiError as error:
            errors.append(error.response["error"])
        await ack()

    first = opened()
    for _ in range(3):
        await slack.press(ann, opened(), "deeper")

    assert errors == ["push_limit_reached"]
    assert opened().root_id == first.id
    with pytest.raises(NotPossible):
        await slack.submit(first, {"target": "release"})
    assert await slack.close(opened()) is None
    assert opened().previous_id == first.id
    assert await slack.close(opened(), all_of_them=True) is None
    assert slack.view(ann) is None


async def test_the_app_hears_of_a_closed_modal_only_when_it_asked_to(
    slack: LocalSlack,
    bolt: Any,
    client: AsyncWebClient,
    opened: Callable[[], View],
) -> None:
    closed: list[bool] = []

    @bolt.app.view_closed("watch")
    async def forget(ack: Any, body: Any) -> None:
        closed.append(body["is_cleared"])
        await ack()

    await client.views_update(view_id=opened().id, view=modal(notify_on_close=True))
    ack = await slack.close(opened())

    assert ack is not None
    assert (ack.error, closed) == (None, [False])


async def test_a_view_is_updated_unless_it_has_changed_meanwhile(
    client: AsyncWebClient, opened: Callable[[], View]
) -> None:
    view = opened()
    old = view.hash
    await client.views_update(view_id=view.id, hash=old, view=modal("Second"))

    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view.id, hash=old, view=modal("Third"))
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_update(view_id="VNONE", view=modal())
    assert opened().content["title"]["text"] == "Second"


async def test_an_external_id_names_one_view(
    client: AsyncWebClient, ann: User, bob: User
) -> None:
    home = {"type": "home", "blocks": [], "external_id": "mine"}
    await client.views_publish(user_id=ann.id, view=home)
    await client.views_update(external_id="mine", view=home)

    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await client.views_publish(user_id=bob.id, view=home)


@pytest.mark.usefixtures("opened")
async def test_a_trigger_is_good_for_one_view(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    used = slack.deliveries[-1].payload["trigger_id"]

    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=used, view=modal())
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id="1.2.3", view=modal())


async def test_a_trigger_is_good_for_three_seconds(
    slack: LocalSlack,
    client: AsyncWebClient,
    ann: User,
    ops: Channel,
    clock: FakeClock,
) -> None:
    ack = await slack.slash(ann, ops, "/watch")
    clock.move(timedelta(seconds=3.1))

    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=ack.payload["trigger_id"], view=modal())


async def test_nothing_is_pushed_where_no_modal_is_open(
    slack: LocalSlack, client: AsyncWebClient, ann: User, ops: Channel
) -> None:
    ack = await slack.slash(ann, ops, "/watch")

    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_push(trigger_id=ack.payload["trigger_id"], view=modal())


async def test_the_home_tab_is_published_when_it_is_opened(
    slack: LocalSlack, bolt: Any, ann: User
) -> None:
    pressed: list[str] = []

    @bolt.app.event("app_home_opened")
    async def opened(event: Any, client: Any) -> None:
        button = {"type": "button", "action_id": "go", "text": plain(event["tab"])}
        view = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
        await client.views_publish(user_id=event["user"], view=view)

    @bolt.app.action("go")
    async def go(ack: Any, body: Any) -> None:
        pressed.append(body["view"]["type"])
        await ack()

    assert slack.home(ann) is None
    await slack.open_home(ann)
    home = await slack.wait_for(lambda: slack.home(ann))
    await slack.press(ann, home, "go")
    again = await slack.open_home(ann)

    assert pressed == ["home"]
    assert again.payload["event"]["view"]["id"] == home.id
    with pytest.raises(NotPossible):
        await slack.submit(home)


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (modal("x" * 25), "must be less than 25 characters [json-pointer:/view/title"),
        (modal(submit=plain("x" * 25)), "[json-pointer:/view/submit/text]"),
        (modal(close=plain("x" * 25)), "[json-pointer:/view/close/text]"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata]"),
        (modal(callback_id="x" * 256), "/view/callback_id]"),
        ({**modal(), "title": {"type": "mrkdwn", "text": "x"}}, "/view/title/type]"),
        (modal(colour="red"), "invalid additional property: colour"),
        (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items allowed"),
        (modal(blocks="none"), "must provide an array"),
        (
            {k: v for k, v in modal().items() if k != "submit"},
            "must define `submit` to use an `input` block",
        ),
        (
            modal(blocks=[{"type": "table", "rows": []}]),
            "unsupported type: table [json-pointer:/view/blocks/0/type]",
        ),
        ({"type": "home", "blocks": []}, "unsupported type: home"),
        ({"type": "window"}, "unsupported type: window"),
        ([], "must provide an object [json-pointer:/view]"),
    ],
)
async def test_a_view_slack_would_not_show_is_refused(
    client: AsyncWebClient, view: Any, problem: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call("views.open", json={"trigger_id": "1", "view": view})

    assert refused.value.response["error"] == "invalid_arguments"
    messages = refused.value.response["response_metadata"]["messages"]
    assert any(problem in message for message in messages)


async def test_a_view_of_more_than_250_kilobytes_is_refused(
    client: AsyncWebClient,
) -> None:
    section = {"type": "section", "text": plain("x" * 3000)}

    with pytest.raises(SlackApiError, match="view_too_large"):
        await client.views_open(
            trigger_id="1", view={**modal(), "blocks": [section] * 90}
        )


async def test_a_home_tab_has_nothing_to_submit(
    client: AsyncWebClient, ann: User
) -> None:
    home = {"type": "home", "blocks": [], "submit": plain("Save")}

    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.api_call("views.publish", json={"user_id": ann.id, "view": home})


async def test_a_modal_stays_when_its_submission_is_not_acknowledged(
    slack: LocalSlack, bolt: Any, opened: Callable[[], View]
) -> None:
    let_go = asyncio.Event()

    @bolt.app.view("watch")
    async def save(ack: Any) -> None:
        await let_go.wait()
        await ack()

    slack.ack_patience = 0.05
    ack = await slack.submit(opened(), {"target": "release"})
    let_go.set()

    assert ack.error == "operation_timeout"
    assert opened().content["title"]["text"] == "Watch"
