"""When something fails, the rest answers, and the failed part says what to do."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.app import StartError, open_bot
from bot.demo.prompt import ask
from bot.demo.slack import LocalSlack
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Stage, open_stage
from bot.render.terminal import terminal
from bot.settings import Mode, Settings
from providers.registry import kinds
from tests.fakes.clock import FakeClock

CONNECTIONS = ("nsml", "flow", "codearts", "check", "northflank")


async def shown(stage: Stage, clock: FakeClock, text: str = "status") -> str:
    return terminal((await ask(stage, text))[-1].message, clock.now()).plain


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_one_cloud_down_hides_no_other_and_shows_its_last_known_state(
    socket_stage: Stage, clock: FakeClock, name: str
) -> None:
    stage = socket_stage
    before = await shown(stage, clock)
    stage.clouds[name].trouble.down = -1
    clock.move(timedelta(seconds=30))

    text = await shown(stage, clock)

    assert "the provider cannot be reached" in text
    assert "last known, read " in text
    for cloud in stage.clouds.values():
        for pipeline in cloud.world.pipelines():
            assert (pipeline.name in text) == (pipeline.name in before)

    stage.clouds[name].trouble.down = 0
    clock.move(timedelta(seconds=90))
    assert "cannot be reached" not in await shown(stage, clock)


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_a_cloud_that_is_down_from_the_start_claims_nothing(
    socket_stage: Stage, clock: FakeClock, name: str
) -> None:
    stage = socket_stage
    stage.clouds[name].trouble.garbled = -1

    text = await shown(stage, clock)

    assert "the provider cannot be reached" in text
    for pipeline in stage.clouds[name].world.pipelines():
        assert not re.search(rf"  {re.escape(pipeline.name)}( |$)", text, re.MULTILINE)


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_a_refused_credential_is_asked_with_a_few_times_at_the_most(
    socket_stage: Stage, clock: FakeClock, name: str
) -> None:
    stage = socket_stage
    stage.clouds[name].trouble.refused = -1

    for _ in range(10):
        assert "the credential was not accepted" in await shown(stage, clock)
        clock.move(timedelta(seconds=1))

    assert len(stage.clouds[name].seen) <= 2


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_throttling_is_waited_out(
    socket_stage: Stage, clock: FakeClock, name: str
) -> None:
    stage = socket_stage
    stage.clouds[name].trouble.throttled = 1
    stage.clouds[name].trouble.retry_after = timedelta(seconds=2)

    text = await shown(stage, clock)

    assert "⚠️" not in text
    assert max(clock.slept) >= timedelta(seconds=2)


async def test_a_request_that_slack_did_not_sign_does_nothing(
    http_stage: Stage, clock: FakeClock
) -> None:
    stage = http_stage
    url = f"{stage.bot.url}/slack/events"
    now = str(int(clock.now().timestamp()))
    form = {"command": "/runs", "text": "status", "response_url": "http://127.0.0.1:9"}
    async with httpx.AsyncClient(trust_env=False) as client:
        for headers in (
            {},
            {"x-slack-request-timestamp": "soon", "x-slack-signature": "v0=00"},
            {"x-slack-request-timestamp": now, "x-slack-signature": "v0=00"},
            {"x-slack-request-timestamp": "1", "x-slack-signature": "v0=00"},
        ):
            response = await client.post(url, data=form, headers=headers)
            assert response.status_code == 401

    assert all(cloud.seen == [] for cloud in stage.clouds.values())


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_bot_that_listens_says_that_it_is_ready(
    clock: FakeClock, mode: Mode
) -> None:
    stage = open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        mode=mode,
        http={"port": 0, "in_socket_mode": True},
    )
    async with stage as opened, httpx.AsyncClient(trust_env=False) as client:
        ready = await client.get(f"{opened.bot.url}/readyz")
        alive = await client.get(f"{opened.bot.url}/healthz")
        figures = await client.get(f"{opened.bot.url}/metrics")
        asked = await client.post(f"{opened.bot.url}/slack/events", content=b"x=1")

    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert (alive.status_code, figures.status_code) == (200, 200)
    assert asked.status_code == (401 if mode is Mode.HTTP else 404)


async def test_an_event_nobody_listens_to_is_no_failed_delivery(stage: Stage) -> None:
    ack = await stage.slack.open_home(stage.person)

    assert ack.error is None
    assert ack.failure is None
    assert len(stage.slack.deliveries) == 1


async def test_after_slack_asks_to_reconnect_the_bot_still_answers(
    socket_stage: Stage, clock: FakeClock
) -> None:
    stage = socket_stage
    await stage.slack.ask_to_reconnect()
    await stage.slack.wait_until_connected()

    assert "What I can do" in await shown(stage, clock, "help")


async def test_secrets_are_in_no_answer_and_no_log(
    socket_stage: Stage, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = socket_stage
    texts = [await shown(stage, clock)]
    for trouble in ("down", "refused", "throttled", "garbled"):
        for cloud in stage.clouds.values():
            setattr(cloud.trouble, trouble, -1)
        clock.move(timedelta(minutes=20))
        texts.append(await shown(stage, clock))
        for cloud in stage.clouds.values():
            setattr(cloud.trouble, trouble, 0)

    captured = capsys.readouterr()
    everything = " ".join((*texts, captured.out, captured.err))
    for secret in stage.settings.secrets():
        assert secret not in everything


def _settings(slack: LocalSlack, **slack_settings: Any) -> Settings:
    known = kinds()["northflank"].settings
    connection = known.model_validate({"kind": "northflank", "token": "nf-fake-token"})
    return Settings.model_validate(
        {
            "slack": {"api_url": slack.api_url, **slack_settings},
            "connections": {"nf": connection},
            "watch": {"enabled": False},
            "database": "sqlite:////nowhere/runbell.db",
        }
    )


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ({"bot_token": "xoxb-wrong", "app_token": APP_TOKEN}, "the bot token"),
        ({"bot_token": BOT_TOKEN, "app_token": "xapp-wrong"}, "the app token"),
    ],
)
async def test_a_token_slack_does_not_know_is_said_at_the_start(
    clock: FakeClock, tokens: dict[str, str], words: str
) -> None:
    async with _slack(clock) as slack:
        with pytest.raises(StartError, match=words):
            async with open_bot(_settings(slack, **tokens), clock=clock):
                pass


async def test_a_slack_in_trouble_is_said_at_the_start(clock: FakeClock) -> None:
    async with _slack(clock) as slack:
        slack.fail_next("auth.test", 503)
        settings = _settings(slack, bot_token=BOT_TOKEN, app_token=APP_TOKEN)

        with pytest.raises(StartError, match="Slack is in trouble"):
            async with open_bot(settings, clock=clock):
                pass


async def test_a_slack_that_cannot_be_reached_is_said_at_the_start(
    clock: FakeClock,
) -> None:
    async with _slack(clock) as slack:
        settings = _settings(slack, bot_token=BOT_TOKEN, app_token=APP_TOKEN)

    with pytest.raises(StartError, match="cannot be reached"):
        async with open_bot(settings, clock=clock):
            pass


async def test_a_port_that_is_taken_is_said_at_the_start(http_stage: Stage) -> None:
    assert http_stage.bot.url
    port = int(http_stage.bot.url.rpartition(":")[2])
    same = http_stage.settings
    taken = same.model_copy(
        update={
            "http": same.http.model_copy(update={"port": port}),
            # Its store belongs to the bot that runs.
            "watch": same.watch.model_copy(update={"enabled": False}),
        }
    )

    with pytest.raises(StartError, match="cannot listen on"):
        async with open_bot(taken, clock=FakeClock()):
            pass


def _slack(clock: FakeClock) -> LocalSlack:
    return LocalSlack(
        clock,
        random.Random(1),  # noqa: S311 - repeatable on purpose
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
    )
