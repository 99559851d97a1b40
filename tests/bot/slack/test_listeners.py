"""What Slack tells is acknowledged at once, and answered whatever happens inside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typing_extensions import override

from bot.answers import Answer, Help, Log, Problem, PublicLine, Said, Shelf, Wrote
from bot.commands.asker import Asker
from bot.render.actions import Press
from bot.render.message import Message
from bot.slack.dialogs import Dialogs
from bot.slack.errands import Errands
from bot.slack.listeners import Listeners
from bot.slack.presses import DEEDS
from bot.slack.replies import Replies
from bot.slack.sender import Outcome, Sender, Sent
from providers.model import LogTail, Pipeline, PipelineRef
from tests.fakes.clock import FakeClock
from tests.fakes.provider import make_run

HELP = Help(command="/runs", connections=(), groups=(), aliases=())
RELEASE = Pipeline(ref=PipelineRef("ci", "release"), name="release")
LOG = Log(
    pipeline=RELEASE,
    run=make_run(RELEASE.ref, 7),
    task="unit",
    tail=LogTail(text="3 failed"),
    again="log ci:release #7",
)
TAKEN = Sent(outcome=Outcome.TAKEN, ts="9.9")


@dataclass
class Note:
    """Something that was sent."""

    how: str
    where: str
    message: Message | None = None
    thread: str | None = None
    is_public: bool = False

    @property
    def text(self) -> str:
        return self.message.text if self.message else ""

    @property
    def pressable(self) -> list[str]:
        blocks = self.message.blocks if self.message else ()
        rows = [block["elements"] for block in blocks if block["type"] == "actions"]
        return [element["action_id"] for row in rows for element in row]


class Noting(Sender):
    """Notes what it is to send; `becomes` says what becomes of the next of it."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.becomes: list[Sent] = []

    def _take(self, note: Note) -> Sent:
        self.notes.append(note)
        return self.becomes.pop(0) if self.becomes else TAKEN

    @override
    async def answer(
        self,
        response_url: str,
        message: Message,
        *,
        replace: bool = False,
        is_public: bool = False,
        thread: str | None = None,
    ) -> Sent:
        how = "replace" if replace else "answer"
        return self._take(Note(how, response_url, message, thread, is_public))

    @override
    async def retract(self, response_url: str) -> Sent:
        return self._take(Note("retract", response_url))

    @override
    async def say(self, channel: str, message: Message, *, thread: str | None) -> Sent:
        return self._take(Note("say", channel, message, thread))

    @override
    async def change(self, channel: str, ts: str, message: Message) -> Sent:
        return self._take(Note("change", f"{channel} {ts}", message))


async def _no_shelf(query: str) -> tuple[Shelf, ...]:
    return ()


class Desk:
    """Listeners with a sender that notes, and words of the test's own."""

    def __init__(self, ask: Callable[[str], Awaitable[Answer]] | None = None) -> None:
        clock = FakeClock()
        self._ask = ask
        self.words: list[Said] = []
        self.asked: list[str] = []
        self.askers: list[Asker] = []
        self.sender = Noting()
        self.errands = Errands()
        self.acknowledged = 0
        replies = Replies(
            ask=self._said, sender=self.sender, clock=clock, zone=ZoneInfo("Asia/Seoul")
        )
        dialogs = Dialogs(
            client=None,  # type: ignore[arg-type]  # opens nothing
            ask=self._said,
            suggest=_no_shelf,
            command="/runs",
        )
        self.listeners = Listeners(
            replies=replies,
            dialogs=dialogs,
            clock=clock,
            errands=self.errands,
            command="/runs",
        )

    @property
    def notes(self) -> list[Note]:
        return self.sender.notes

    async def slash(self, **more: str) -> None:
        body: dict[str, Any] = {"text": "help", "response_url": "http://hook", **more}
        await self.listeners.slash(self._ack, body)  # type: ignore[arg-type]  # all that is used of it

    async def press(self, body: dict[str, Any]) -> None:
        await self.listeners.pressed(self._ack, body)  # type: ignore[arg-type]  # as above
        await self.errands.settle()

    async def _said(self, text: str, asker: Asker) -> AsyncIterator[Said]:
        self.asked.append(text)
        self.askers.append(asker)
        if self._ask is not None:
            yield Said(answer=await self._ask(text))
        for word in self.words:
            yield word

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
    assert desk.notes == []

    gate.set()
    await desk.errands.close()
    [note] = desk.notes
    assert (note.how, note.where) == ("answer", "http://hook")
    assert note.text.startswith("Usage")


async def test_a_fault_of_our_own_is_answered_too_and_stays_out_of_the_channel(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def ask(text: str) -> Answer:
        raise ZeroDivisionError(text)

    desk = Desk(ask)
    await desk.slash()
    await desk.errands.close()

    [note] = desk.notes
    assert "Something went wrong inside Runbell itself" in note.text
    assert note.pressable == ["choice.0"]
    assert "ZeroDivisionError" not in note.text
    assert "ZeroDivisionError" in capsys.readouterr().out


async def test_one_typing_is_answered_once_and_two_are_answered_twice() -> None:
    desk = Desk()
    desk.words = [Said(answer=HELP)]
    for trigger in ("1", "1", "2"):
        await desk.slash(trigger_id=trigger)
    await desk.errands.close()

    assert desk.acknowledged == 3
    assert len(desk.notes) == 2


async def test_without_a_trigger_id_every_delivery_is_answered() -> None:
    desk = Desk()
    desk.words = [Said(answer=HELP)]
    for _ in range(2):
        await desk.slash()
    await desk.errands.close()

    assert len(desk.notes) == 2


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
    assert desk.notes == []


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
    desk = Desk()
    desk.words = [Said(answer=HELP)]
    await desk.listeners.spoken_to({"event_id": "E1"}, event)
    await desk.listeners.spoken_to({"event_id": "E1"}, event)
    await desk.errands.close()

    assert [(note.where, note.thread) for note in desk.notes] == said
    assert all("<@" not in text for text in desk.asked)


# --- what is not ready at once ------------------------------------------------------

FIRST = Said(answer=LOG, waiting_for=("ml",))
LAST = Said(answer=LOG)


async def test_in_a_thread_what_is_known_is_replaced_by_the_answer() -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    await desk.listeners.spoken_to({}, MENTION)
    await desk.errands.settle()

    first, last = desk.notes
    assert (first.how, last.how) == ("say", "change")
    assert last.where == "C1 9.9"
    # Nothing can be pressed in what is about to change.
    assert first.pressable == []
    assert last.pressable == ["refresh"]


async def test_a_command_is_answered_once_and_told_before_for_whom_it_waits() -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    await desk.slash()
    await desk.errands.settle()

    first, last = desk.notes
    assert (first.how, last.how) == ("answer", "replace")
    assert first.text == "⏳ Still asking ml. The answer follows."
    assert "3 failed" in last.text


@pytest.mark.parametrize(
    ("outcome", "then"),
    [
        (Outcome.TAKEN, ["say", "change"]),
        (Outcome.REFUSED, ["say", "say"]),
        # It may stand there already: nobody is to see two answers.
        (Outcome.UNKNOWN, ["say"]),
    ],
)
async def test_the_answer_depends_on_what_became_of_what_was_said_before(
    outcome: Outcome, then: list[str]
) -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    ts = "9.9" if outcome is Outcome.TAKEN else None
    desk.sender.becomes = [Sent(outcome=outcome, ts=ts)]
    await desk.listeners.spoken_to({}, MENTION)
    await desk.errands.settle()

    assert [note.how for note in desk.notes] == then


async def test_an_answer_that_a_person_has_deleted_is_not_said_again() -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    gone = Sent(outcome=Outcome.REFUSED, why="message_not_found")
    desk.sender.becomes = [TAKEN, gone]
    await desk.listeners.spoken_to({}, MENTION)
    await desk.errands.settle()

    assert [note.how for note in desk.notes] == ["say", "change"]


# --- presses ------------------------------------------------------------------------


def pressing(action_id: str, value: Any = "log ci:release", **more: Any) -> Any:
    """Return a press, in a private message in a channel."""
    where = {"channel_id": "C1", "message_ts": "5.5", "is_ephemeral": True}
    return {
        "type": "block_actions",
        "actions": [{"type": "button", "action_id": action_id, "value": value}],
        "user": {"id": "U1"},
        "response_url": "http://press",
        "trigger_id": more.pop("trigger_id", ""),
        "container": {**where, **more},
    }


def test_every_kind_of_press_has_its_deed() -> None:
    assert set(DEEDS) == set(Press)


@pytest.mark.parametrize("press", ["refresh", "next", "previous", "choice.3"])
async def test_a_question_put_anew_is_answered_in_place(press: str) -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    await desk.press(pressing(press))

    assert desk.asked == ["log ci:release"]
    assert [note.how for note in desk.notes] == ["replace", "replace"]
    assert desk.notes[-1].pressable == ["refresh", "share"]
    assert not desk.notes[-1].is_public


async def test_in_public_it_is_answered_in_place_for_all() -> None:
    desk = Desk()
    desk.words = [LAST]
    await desk.press(pressing("refresh", is_ephemeral=False))

    [note] = desk.notes
    assert note.is_public
    assert note.pressable == ["refresh"]


@pytest.mark.parametrize("press", ["log", "open"])
async def test_a_closer_look_stands_below_for_the_one_who_pressed(press: str) -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    await desk.press(pressing(press, is_ephemeral=False, thread_ts="1.2"))

    first, last = desk.notes
    # The message that was pressed stays: only new ones are answered.
    assert (first.how, last.how) == ("answer", "answer")
    assert first.text.startswith("⏳ Still asking ml")
    assert last.thread == "1.2"
    assert not last.is_public
    assert last.pressable == ["refresh", "share"]


async def test_a_choice_from_a_menu_is_a_command_too() -> None:
    desk = Desk()
    desk.words = [LAST]
    body = pressing("open")
    chosen = {"text": {"type": "plain_text", "text": "x"}, "value": "show ci:release"}
    body["actions"] = [{"action_id": "open", "selected_option": chosen}]
    await desk.press(body)

    assert desk.asked == ["show ci:release"]


async def test_a_button_without_a_value_asks_the_bare_command() -> None:
    desk = Desk()
    desk.words = [LAST]
    body = pressing("refresh")
    del body["actions"][0]["value"]
    await desk.press(body)

    assert desk.asked == [""]


async def test_in_a_direct_message_there_is_nobody_to_share_with() -> None:
    desk = Desk()
    desk.words = [LAST]
    await desk.press(pressing("log", channel_id="D1", is_ephemeral=False))

    [note] = desk.notes
    assert note.pressable == ["refresh"]


async def test_what_is_shared_says_by_whom_and_is_then_taken_away_in_private() -> None:
    desk = Desk()
    desk.words = [FIRST, LAST]
    await desk.press(pressing("share", thread_ts="1.2"))

    shared, taken_away = desk.notes
    assert (shared.how, taken_away.how) == ("answer", "retract")
    assert shared.is_public
    assert shared.thread == "1.2"
    assert shared.pressable == ["refresh"]
    assert shared.message is not None
    [line] = shared.message.blocks[0]["elements"]
    assert line["elements"][1] == {"type": "user", "user_id": "U1"}


async def test_two_quick_presses_share_once_and_a_failed_one_can_be_repeated() -> None:
    desk = Desk()
    desk.words = [LAST]
    desk.sender.becomes = [Sent(outcome=Outcome.REFUSED)]
    for trigger in ("1", "2", "3"):
        await desk.press(pressing("share", trigger_id=trigger))

    assert [note.how for note in desk.notes] == ["answer", "answer", "retract"]


WROTE = Wrote(
    sentence="I watch release.",
    public=PublicLine(by="U1", did="watches release.", channel="C1", thread="5.5"),
    undo="unwatch w7k3f",
)


async def test_who_asks_and_where_is_handed_on() -> None:
    desk = Desk()
    desk.words = [LAST]
    await desk.slash(user_id="U7", channel_id="C9")
    await desk.slash(user_id="U7", channel_id="D9")
    await desk.errands.close()
    await desk.press(pressing("ack", channel_id="C9", thread_ts="1.2"))

    assert desk.askers == [
        Asker(user="U7", channel="C9"),
        Asker(user="U7", channel="D9", is_direct=True),
        Asker(user="U1", channel="C9", thread="1.2"),
    ]


@pytest.mark.parametrize("press", ["ack", "mute", "unmute", "more", "unmute.2"])
async def test_what_is_pressed_on_an_alert_is_answered_to_who_pressed(
    press: str,
) -> None:
    desk = Desk()
    desk.words = [Said(answer=replace(WROTE, public=None))]
    await desk.press(pressing(press, is_ephemeral=False))

    [note] = desk.notes
    assert (note.how, note.is_public) == ("answer", False)
    assert note.pressable == ["choice.0"]


async def test_a_change_is_told_to_all_before_it_is_confirmed() -> None:
    desk = Desk()
    desk.words = [Said(answer=WROTE)]
    await desk.slash()
    await desk.errands.close()

    line, confirmed = desk.notes
    assert (line.how, line.where, line.thread) == ("say", "C1", "5.5")
    assert line.text == "Somebody watches release."
    assert (confirmed.how, confirmed.text) == ("answer", "I watch release.")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            Sent(outcome=Outcome.REFUSED, why="not_in_channel"),
            "I could not tell the channel (not_in_channel). Invite me there",
        ),
        (
            Sent(outcome=Outcome.REFUSED, why="is_archived"),
            "I could not tell the channel (is_archived). The change stands",
        ),
        (
            Sent(outcome=Outcome.UNKNOWN, why="TimeoutError"),
            "I do not know whether the channel was told of it.",
        ),
    ],
)
async def test_that_a_channel_could_not_be_told_is_said(sent: Sent, said: str) -> None:
    desk = Desk()
    desk.words = [Said(answer=WROTE)]
    desk.sender.becomes = [sent]
    await desk.slash()
    await desk.errands.close()

    assert desk.notes[-1].text.startswith(f"I watch release. {said}")


async def test_where_all_see_the_answer_they_are_not_told_twice() -> None:
    desk = Desk()
    desk.words = [Said(answer=WROTE)]
    event = {"type": "app_mention", "channel": "C1", "ts": "1.1", "text": "watch x"}
    await desk.listeners.spoken_to({}, {**event, "user": "U1"})
    await desk.errands.close()

    [note] = desk.notes
    assert (note.how, note.thread) == ("say", "1.1")
    assert desk.askers == [Asker(user="U1", channel="C1", thread="1.1")]


async def test_what_has_no_answer_any_more_is_not_shared() -> None:
    desk = Desk()
    desk.words = [Said(answer=Problem(what="There is no such run."))]
    await desk.press(pressing("share"))

    [note] = desk.notes
    assert note.how == "replace"
    assert not note.is_public


async def test_a_link_is_acknowledged_and_no_more() -> None:
    desk = Desk()
    await desk.press(pressing("link"))

    assert desk.acknowledged == 1
    assert desk.notes == []


@pytest.mark.parametrize("forged", ["delete", "", "refresh.x", "choice.1.2", "Press"])
async def test_a_button_nobody_knows_is_told_kindly_and_asks_nothing(
    forged: str,
) -> None:
    desk = Desk()
    await desk.press(pressing(forged, thread_ts="1.2"))

    [note] = desk.notes
    assert desk.asked == []
    assert "I do not know this button" in note.text
    assert (note.how, note.is_public, note.thread) == ("answer", False, "1.2")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"actions": "x", "container": [], "user": None, "response_url": 7},
        {"actions": [7], "response_url": "http://press"},
        {"actions": [{"action_id": None, "value": {}}], "response_url": "http://press"},
        pressing("refresh", value=["status"]),
        pressing("open", value=None, thread_ts=7, channel_id=None),
    ],
)
async def test_a_press_of_any_shape_is_acknowledged_and_crashes_nothing(
    body: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk()
    desk.words = [LAST]
    await desk.press(body)

    assert desk.acknowledged == 1
    assert "Traceback" not in capsys.readouterr().out


async def test_one_press_is_answered_once() -> None:
    desk = Desk()
    desk.words = [LAST]
    for trigger in ("1", "1", "2"):
        await desk.press(pressing("refresh", trigger_id=trigger))

    assert len(desk.notes) == 2


async def test_a_form_nobody_knows_is_acknowledged_and_asks_nothing() -> None:
    desk = Desk()
    for body in ({}, {"view": {"callback_id": "other", "private_metadata": "{}"}}):
        await desk.listeners.submitted(desk._ack, body)  # type: ignore[arg-type]  # all that is used of it
        await desk.listeners.changed(desk._ack, body)  # type: ignore[arg-type]  # as above
    await desk.errands.settle()

    assert desk.acknowledged == 4
    assert (desk.asked, desk.notes) == ([], [])
