"""What the page asks of its server, over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.page import Page, film, open_page
from bot.demo.page.film import Film
from bot.demo.page.guard import Guard
from bot.demo.page.picture import difference
from bot.demo.stage import Stage

JSON = dict[str, Any]


def words(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


MODAL: JSON = {
    "type": "modal",
    "title": words("Watch"),
    "submit": words("Watch"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": words("Pipeline"),
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}
BUTTON: JSON = {
    "type": "actions",
    "block_id": "row",
    "elements": [{"type": "button", "text": words("Refresh"), "action_id": "refresh"}],
}
MENU: JSON = {
    "type": "actions",
    "block_id": "row",
    "elements": [{"type": "external_select", "action_id": "pick"}],
}


async def told(browser: httpx.AsyncClient, act: str, **wanted: Any) -> JSON:
    response = await browser.post(f"/api/{act}", json=wanted)
    answer: JSON = response.json()
    return answer


async def state(browser: httpx.AsyncClient) -> JSON:
    shown: JSON = (await browser.get("/api/state")).json()
    return shown


def messages(shown: JSON) -> list[JSON]:
    return [doc for key, doc in shown.items() if key.startswith("message:")]


async def scenes(response: httpx.Response) -> AsyncIterator[JSON]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def opened(stage: Stage, app: AsyncWebClient) -> None:
    """Let the bot open a modal."""
    await stage.slack.slash(stage.person, stage.channel, "/runs", "help")
    trigger = stage.slack.deliveries[-1].payload["trigger_id"]
    await app.views_open(trigger_id=trigger, view=MODAL)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
async def test_the_bundle_is_served_and_may_load_from_nowhere_else(
    browser: httpx.AsyncClient, path: str, kind: str
) -> None:
    response = await browser.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_it_listens_on_loopback_only(page: Page) -> None:
    assert page.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "example.com:8300"}, 403),
        ({"host": "127.0.0.1.example.com:80"}, 403),
        ({"content-type": "text/plain"}, 415),
    ],
)
async def test_what_another_site_could_send_is_refused(
    browser: httpx.AsyncClient, stage: Stage, headers: dict[str, str], status: int
) -> None:
    content = json.dumps({"cloud": "nsml", "down": True})
    given = {"content-type": "application/json", **headers}
    response = await browser.post("/api/break", content=content, headers=given)

    assert response.status_code == status
    assert stage.clouds["nsml"].trouble.down == 0


async def test_nothing_but_http_is_answered() -> None:
    async def app(*_: object) -> None:
        raise AssertionError("a socket came through")

    async def receive() -> JSON:
        raise AssertionError("nothing is to be read from it")

    async def send(_: object) -> None:
        raise AssertionError("nothing is to be said to it")

    await Guard(app)({"type": "websocket"}, receive, send)


async def test_what_nobody_types_is_too_large(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    wanted = {"place": stage.channel.id, "text": "x" * 1_100_000}

    assert (await browser.post("/api/say", json=wanted)).status_code == 413


async def test_another_site_cannot_read_the_state_either(
    browser: httpx.AsyncClient,
) -> None:
    for headers in ({"host": "example.com:8300"}, {"origin": "https://example.com"}):
        assert (await browser.get("/api/state", headers=headers)).status_code == 403


async def test_the_state_names_the_places_and_the_clouds(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    shown = await state(browser)

    places = [doc for key, doc in shown.items() if key.startswith("place:")]
    assert [(place["name"], place["direct"]) for place in places] == [
        ("deploys", False),
        ("runbell", True),
    ]
    clouds = [doc for key, doc in shown.items() if key.startswith("cloud:")]
    assert [cloud["name"] for cloud in clouds] == list(stage.clouds)
    assert not any(cloud["down"] for cloud in clouds)
    assert shown["you"]["command"] == "/runs"


async def test_the_stream_begins_with_everything_and_then_tells_what_changes(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    async with browser.stream("GET", "/api/events") as response:
        stream = scenes(response)
        whole = await anext(stream)
        await told(browser, "say", place=stage.channel.id, text="/runs help")
        change = await anext(stream)

    assert whole["all"]
    assert "you" in whole["set"]
    assert not change["all"]
    [said] = change["set"].values()
    assert said["ephemeral"]
    assert said["name"] == "runbell"
    assert "Usage" in said["text"]


async def test_a_message_that_is_changed_or_deleted_changes_on_the_page(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    place = stage.channel.id
    async with browser.stream("GET", "/api/events") as response:
        stream = scenes(response)
        await anext(stream)
        ts = str((await app.chat_postMessage(channel=place, text="one"))["ts"])
        first = await anext(stream)
        await app.chat_update(channel=place, ts=ts, text="two")
        second = await anext(stream)
        await app.chat_delete(channel=place, ts=ts)
        third = await anext(stream)

    key = f"message:{place}:{ts}"
    assert first["set"][key]["revision"] == 0
    assert second["set"][key]["revision"] == 1
    assert second["set"][key]["text"] == "two"
    assert third == {"all": False, "set": {}, "gone": [key]}


async def test_a_mention_and_a_reply_stand_in_one_thread(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    place = stage.channel.id
    assert await told(browser, "say", place=place, text="@runbell help") == {}
    [parent] = [m for m in messages(await state(browser)) if not m["thread"]]
    text = "@Runbell: help"
    assert await told(browser, "say", place=place, text=text, thread=parent["ts"]) == {}

    said = [m for m in messages(await state(browser)) if m["name"] == "you"]
    assert [m["thread"] for m in said] == [None, parent["ts"]]
    assert said[0]["text"] == f"<@{stage.slack.bot_user_id}> help"
    spoken = [d.payload["event"] for d in stage.slack.deliveries]
    assert [event["type"] for event in spoken] == ["app_mention", "app_mention"]


async def test_in_a_direct_message_the_bot_hears_everything(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    room = stage.slack.open_dm(stage.person)
    assert await told(browser, "say", place=room.id, text="help") == {}

    [heard] = stage.slack.deliveries
    assert heard.payload["event"]["channel_type"] == "im"


@pytest.mark.parametrize(
    ("text", "thread", "problem"),
    [
        ("hello", None, "Nobody else is here. Begin with /runs or @runbell."),
        ("/deploy now", None, "/deploy is no command here. Try /runs help"),
        ("/runs status", "1.0", "Slack takes no commands in threads: /runs"),
        ("@runbell help", "1.0", "Slack says: thread_not_found: 1.0."),
    ],
)
async def test_what_slack_would_not_take_is_said(
    browser: httpx.AsyncClient,
    stage: Stage,
    text: str,
    thread: str | None,
    problem: str,
) -> None:
    place = stage.channel.id
    answer = await told(browser, "say", place=place, text=text, thread=thread)

    assert answer == {"problem": problem}
    assert stage.slack.deliveries == []


async def test_a_button_pressed_reaches_the_bot(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    place = stage.channel.id
    said = await app.chat_postMessage(channel=place, text="x", blocks=[BUTTON])
    where = {"place": place, "ts": said["ts"]}
    answer = await told(
        browser, "press", **where, action_id="refresh", block_id="row", value=None
    )

    [action] = stage.slack.deliveries[-1].payload["actions"]
    assert action["action_id"] == "refresh"
    assert answer == {}
    await stage.bot.errands.settle()
    # Without a command in it, it asks what needs attention.
    [message] = stage.slack.messages(stage.channel)
    assert [before.text for before in message.edited] == ["x"]
    assert "failed" in message.text


async def test_a_menu_that_asks_the_bot_is_asked(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    place = stage.channel.id
    said = await app.chat_postMessage(channel=place, text="x", blocks=[MENU])
    where = {"place": place, "ts": said["ts"]}
    answer = await told(browser, "suggest", **where, action_id="pick", query="we")

    assert stage.slack.deliveries[-1].payload["value"] == "we"
    assert "operation_timeout" in answer["problem"]


@pytest.mark.parametrize(
    "where",
    [
        {"place": "C-nowhere", "ts": "1.0"},
        {"view": "V-nowhere"},
        {},
    ],
)
async def test_what_is_gone_cannot_be_pressed(
    browser: httpx.AsyncClient, where: dict[str, str]
) -> None:
    response = await browser.post("/api/press", json={"action_id": "a", **where})

    assert response.status_code == 409
    assert response.json()["problem"].startswith("Slack says: ")


async def test_a_deleted_message_cannot_be_pressed(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    wanted = {"action_id": "a", "place": stage.channel.id, "ts": "1.0"}
    response = await browser.post("/api/press", json=wanted)

    assert response.status_code == 409
    assert "this message is gone" in response.text


async def test_a_modal_is_shown_and_says_which_field_is_missing(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    await opened(stage, app)
    modal = (await state(browser))["modal"]
    answer = await told(browser, "submit", view=modal["id"], values={})

    assert modal["title"]["text"] == "Watch"
    assert answer == {"errors": {"name": "This field has to be filled in."}}


async def test_a_submitted_modal_reaches_the_bot(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    await opened(stage, app)
    modal = (await state(browser))["modal"]
    await told(browser, "submit", view=modal["id"], values={"name": "web"})

    view = stage.slack.deliveries[-1].payload["view"]
    assert view["state"]["values"]["name"]["typed"]["value"] == "web"


async def test_what_the_bot_says_of_a_field_is_told(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient, answers: list[Any]
) -> None:
    await opened(stage, app)
    modal = (await state(browser))["modal"]
    answers.append({"response_action": "errors", "errors": {"name": "no such thing"}})
    first = await told(browser, "submit", view=modal["id"], values={"name": "wbe"})
    still = await state(browser)
    second = await told(browser, "submit", view=modal["id"], values={"typed": "web"})

    assert first == {"errors": {"name": "no such thing"}}
    assert "modal" in still
    assert second == {}
    assert "modal" not in await state(browser)


async def test_a_field_the_modal_does_not_have_is_no_field(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    await opened(stage, app)
    modal = (await state(browser))["modal"]
    answer = await told(browser, "submit", view=modal["id"], values={"other": "x"})

    assert answer == {"problem": "Slack says: the view has no such field: other."}


async def test_the_options_the_bot_suggests_are_told(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient, answers: list[Any]
) -> None:
    said = await app.chat_postMessage(channel=stage.channel.id, text="x", blocks=[MENU])
    options = {"options": [{"text": words("web"), "value": "web"}]}
    answers.append(options)
    where = {"place": stage.channel.id, "ts": said["ts"]}

    assert await told(browser, "suggest", **where, action_id="pick") == options


async def test_one_button_among_many_is_pressed(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient, answers: list[Any]
) -> None:
    place = stage.channel.id
    await app.chat_postMessage(channel=place, text="x", blocks=[BUTTON])
    said = await app.chat_postMessage(channel=place, text="x", blocks=[BUTTON])
    where = {"place": place, "ts": said["ts"]}

    assert await told(browser, "press", **where, action_id="refresh") == {}
    assert stage.slack.deliveries[-1].payload["container"]["message_ts"] == said["ts"]


async def test_a_closed_modal_is_gone_from_the_page(
    browser: httpx.AsyncClient, stage: Stage, app: AsyncWebClient
) -> None:
    await opened(stage, app)
    modal = (await state(browser))["modal"]
    await told(browser, "close", view=modal["id"])

    assert "modal" not in await state(browser)
    assert stage.slack.deliveries[-1].payload["type"] == "view_closed"


async def test_a_cloud_is_broken_and_repaired(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    assert await told(browser, "break", cloud="flow", down=True) == {}
    assert (await state(browser))["cloud:flow"]["down"]
    assert stage.clouds["flow"].trouble.down == -1

    await told(browser, "break", cloud="flow", down=False)
    assert not (await state(browser))["cloud:flow"]["down"]

    answer = await told(browser, "break", cloud="azure", down=True)
    assert answer == {"problem": "Slack says: there is no such cloud: azure."}


@pytest.mark.parametrize("ending", ["fails", "passes"])
async def test_a_run_is_started_and_ends_as_it_was_asked_to(
    browser: httpx.AsyncClient, stage: Stage, ending: str
) -> None:
    world = stage.clouds["flow"].world
    [pipeline, *_] = world.pipelines()
    before = len(world.runs(pipeline.id))
    assert (await state(browser))["cloud:flow"]["pipeline"] == pipeline.name

    assert await told(browser, "start", cloud="flow", ending=ending) == {}

    [newest, *older] = world.runs(pipeline.id)
    assert len(older) == before
    assert newest.run.ending == ending
    answer = await told(browser, "start", cloud="azure", ending=ending)
    assert answer == {"problem": "Slack says: there is no such cloud: azure."}


async def test_who_lets_a_run_fail_of_which_no_vendor_tells_it_is_told_so(
    browser: httpx.AsyncClient, stage: Stage
) -> None:
    world = stage.clouds["nsml"].world
    [pipeline, *_] = world.pipelines()
    before = len(world.runs(pipeline.id))

    answer = await told(browser, "start", cloud="nsml", ending="fails")

    assert "watch it with on:done" in answer["problem"]
    assert len(world.runs(pipeline.id)) == before + 1
    assert await told(browser, "start", cloud="nsml", ending="passes") == {}


async def test_a_cloud_taken_down_at_the_prompt_is_seen_on_the_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film, "TICK", 0.01)
    async with (
        open_page(stage, port=0) as page,
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{page.url}/api/events") as response,
    ):
        stream = scenes(response)
        await anext(stream)
        stage.clouds["check"].trouble.down = -1
        change = await anext(stream)

    assert change["set"]["cloud:check"]["down"]


@pytest.mark.parametrize(
    ("act", "content", "status"),
    [
        ("say", "{}", 400),
        ("say", "not json", 400),
        ("say", '{"place": "C", "text": "x", "more": 1}', 400),
        ("dance", "{}", 404),
    ],
)
async def test_an_act_told_wrongly_is_refused(
    browser: httpx.AsyncClient, act: str, content: str, status: int
) -> None:
    headers = {"content-type": "application/json"}
    response = await browser.post(f"/api/{act}", content=content, headers=headers)

    assert response.status_code == status


async def test_a_port_that_is_taken_is_an_error_at_once(
    page: Page, stage: Stage
) -> None:
    port = int(page.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        async with open_page(stage, port=port):
            pass


async def test_streams_end_when_the_page_closes(stage: Stage) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        async with open_page(stage, port=0) as page:
            stream = client.stream("GET", f"{page.url}/api/events")
            response = await stream.__aenter__()
        lines = [line async for line in response.aiter_lines()]
        await stream.__aexit__(None, None, None)

    assert lines[0].startswith("data: ")


async def test_a_silent_stream_shows_that_it_lives() -> None:
    still = Film(lambda: {"you": {}})
    stream = still.scenes(patience=0.01)

    assert await anext(stream) == {"all": True, "set": {"you": {}}, "gone": []}
    assert await anext(stream) is None
    still.close()
    assert [scene async for scene in stream] == []


def test_the_difference_of_two_pictures_leads_from_one_to_the_other() -> None:
    before = {"a": 1, "b": 2, "c": 3}
    after = {"a": 1, "b": 4, "d": 5}

    assert difference(before, after) == {"set": {"b": 4, "d": 5}, "gone": ["c"]}
