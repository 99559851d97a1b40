"""What Slack tells is acknowledged at once, and answered whatever happens inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typing_extensions import override

from bot.answers import Answer, Help
from bot.render.message import Message
from bot.slack.listeners import Errands, Listeners
from bot.slack.sender import Sender
from tests.fakes.clock import FakeClock

HELP = Help(command="/runs", connections=(), groups=(), aliases=())


class Noting(Sender):
    """Notes what it is to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.said: list[tuple[str, str | None]] = []

    @override
    async def answer(self, response_url: str, message: Message) -> bool:
        self.sent.append((response_url, message))
        return True

    @override
    async def say(self, channel: str, message: Message, *, thread: str | None) -> bool:
        self.said.append((channel, thread))
        return True


class Desk:
    """Listeners with a sender that notes, and an `ask` of the test's own."""

    def __init__(self, ask: Callable[[str], Awaitable[Answer]]) -> None:
        clock = FakeClock()
        self.sender = Noting()
        self.errands = Errands()
        self.acknowledged = 0
        self.listeners = Listeners(
            ask=ask,
            sender=self.sender,
            clock=clock,
            zone=ZoneInfo("Asia/Seoul"),
            errands=self.errands,
            command="/runs",
        )

    async def slash(self, **more: str) -> None:
        body: dict[str, Any] = {"text": "help", "response_url": "http://hook", **more}
        await self.listeners.slash(self._ack, body)  # type: ignore[arg-type]  # all that is used of it

    async def _ack(self) -> None:
        self.acknowledged += 1


async def test_the_acknowledgement_does_not_wait_for_the_answer() -> None:
    gate = asyncio.Event()

    async def ask(text: str) -> Answer:
        await gate.wait()
        return HELP

    desk = Desk(ask)
    await desk.slash()
    assert desk.acknowledged == 1
    assert desk.sender.sent == []

    gate.set()
    await desk.errands.close()
    [(url, message)] = desk.sender.sent
    assert url == "http://hook"
    assert message.text.startswith("Usage")


async def test_a_fault_of_our_own_is_answered_too_and_stays_out_of_the_channel(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def ask(text: str) -> Answer:
        raise ZeroDivisionError(text)

    desk = Desk(ask)
    await desk.slash()
    await desk.errands.close()

    [(_, message)] = desk.sender.sent
    assert "Something went wrong inside Runbell itself" in message.text
    assert "ZeroDivisionError" not in message.text
    assert "ZeroDivisionError" in capsys.readouterr().out


async def test_one_typing_is_answered_once_and_two_are_answered_twice() -> None:
    async def ask(text: str) -> Answer:
        return HELP

    desk = Desk(ask)
    for trigger in ("1", "1", "2"):
        await desk.slash(trigger_id=trigger)
    await desk.errands.close()

    assert desk.acknowledged == 3
    assert len(desk.sender.sent) == 2


async def test_without_a_trigger_id_every_delivery_is_answered() -> None:
    async def ask(text: str) -> Answer:
        return HELP

    desk = Desk(ask)
    for _ in range(2):
        await desk.slash()
    await desk.errands.close()

    assert len(desk.sender.sent) == 2


async def test_closing_gives_up_what_takes_too_long() -> None:
    given_up = asyncio.Event()

    async def ask(text: str) -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return HELP

    desk = Desk(ask)
    await desk.slash()

    await desk.errands.close(patience=0.01)

    assert given_up.is_set()
    assert desk.sender.sent == []


MENTION = {"type": "app_mention", "channel": "C1", "ts": "1.2", "text": "<@U0BOT> help"}
DIRECT = {"type": "message", "channel_type": "im", "channel": "D1", "ts": "3.4"}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (MENTION, [("C1", "1.2")]),
        ({**MENTION, "thread_ts": "0.9"}, [("C1", "0.9")]),
        (DIRECT, [("D1", None)]),
        ({**DIRECT, "thread_ts": "0.9"}, [("D1", "0.9")]),
        ({**DIRECT, "bot_id": "B1"}, []),
        ({**DIRECT, "subtype": "message_changed"}, []),
        ({**DIRECT, "channel_type": "channel"}, []),
        ({**MENTION, "channel": ""}, []),
    ],
)
async def test_who_is_spoken_to_answers_where_it_was_said(
    event: dict[str, Any], said: list[tuple[str, str | None]]
) -> None:
    asked: list[str] = []

    async def ask(text: str) -> Answer:
        asked.append(text)
        return HELP

    desk = Desk(ask)
    await desk.listeners.spoken_to({"event_id": "E1"}, event)
    await desk.listeners.spoken_to({"event_id": "E1"}, event)
    await desk.errands.close()

    assert desk.sender.said == said
    assert all("<@" not in text for text in asked)
