"""Forms are opened in time or not at all, and nothing that comes back breaks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs
from typing_extensions import override

from bot.answers import Answer, Dialog, Form, Help, Offer, Rehearsal, Said, Shelf
from bot.commands.asker import Asker
from bot.records import Watch
from bot.render.dialog import CALLBACK, NO_TARGET, Field
from bot.slack.dialogs import COUNTING, NOT_COUNTED, Dialogs
from bot.slack.filled import Filled
from tests.fakes.provider import NOON

KIM = Asker(user="U0KIM", channel="C0CI", thread="1.2")
ASKED = Dialog(what="?", form=Form(), opens=Offer(label="New", command="watch"))
HOOK = "http://hook"
RELEASE = Form(target="ci:release", name="release")


@dataclass
class Response:
    """What Slack answers."""

    data: dict[str, Any]
    status_code: int = 200


def refused(word: str) -> SlackApiError:
    told = Response({"ok": False, "error": word})
    return SlackApiError("no", told)  # type: ignore[no-untyped-call]  # Slack's own


class Shown(AsyncWebClient):
    """Shows modals, unless told why not."""

    def __init__(self) -> None:
        super().__init__()
        self.views: list[dict[str, Any]] = []
        self.hashes: list[str | None] = []
        self.refusal: str | None = None
        self.gate: asyncio.Event | None = None
        self.history: str | None = None
        self.looked_into: list[str] = []

    def _show(self, view: Any, hash_: str | None) -> Any:
        if self.refusal:
            raise refused(self.refusal)
        self.views.append(view)
        self.hashes.append(hash_)
        view = {"id": "V1", "hash": f"h{len(self.views)}"}
        return Response({"ok": True, "view": view})

    @override
    async def views_open(self, *, view: Any, **more: Any) -> Any:
        return self._show(view, None)

    @override
    async def views_update(self, *, view: Any, **more: Any) -> Any:
        if self.gate is not None:
            await self.gate.wait()
        return self._show(view, more["hash"])

    @override
    async def conversations_history(self, *, channel: str, **more: Any) -> Any:
        self.looked_into.append(channel)
        if self.history == "hangs":
            await asyncio.Event().wait()
        if self.history:
            raise refused(self.history)
        return Response({"ok": True, "messages": []})

    @property
    def said(self) -> list[str]:
        """What each of the modals shown said below its fields."""
        return [
            "\n".join(
                "".join(part["text"] for part in row["elements"])
                for row in view["blocks"][-1]["elements"]
            )
            for view in self.views
        ]


class Room:
    """Forms, and somebody who answers what they ask."""

    def __init__(self) -> None:
        self.client = Shown()
        self.asked: list[str] = []
        self.answer: Answer = Rehearsal(
            watch=Watch(id="", channel="C0CI", target="ci:release", created_at=NOON),
            what="when it breaks",
            ringings=(),
            since=NOON,
            notes=("It would have rung twice.",),
        )
        self.gates: dict[str, asyncio.Event] = {}
        self.dialogs = Dialogs(
            client=self.client,
            ask=self._ask,
            suggest=self._suggest,
            command="/runs",
            patience=timedelta(),
        )

    async def _ask(self, text: str, asker: Asker) -> AsyncIterator[Said]:
        assert asker == KIM
        self.asked.append(text)
        if text in self.gates:
            await self.gates[text].wait()
        yield Said(answer=self.answer)

    async def _suggest(self, query: str) -> tuple[Shelf, ...]:
        message = f"nothing can be searched for {query!r}"
        raise RuntimeError(message)

    async def open(self, form: Form) -> bool:
        asked = Dialog(what="?", form=form, opens=ASKED.opens)
        return await self.dialogs.open(asked, trigger="1.2", url=HOOK, asker=KIM)


def change(
    form: Form, field: Field, *, shown: str = "h0", **value: Any
) -> dict[str, Any]:
    """Return what Slack sends when a field of a form is changed."""
    filled = Filled(form=form, asker=KIM, url=HOOK)
    chosen = {"value": form.target, "text": {"text": form.name}}
    target = {Field.TARGET.action_id: {"selected_option": chosen}}
    return {
        "user": {"id": "U0KIM"},
        "view": {
            "id": "V1",
            "hash": shown,
            "callback_id": CALLBACK,
            "private_metadata": filled.metadata,
            "state": {"values": {"target": target if form.target else {}}},
        },
        "actions": [{"block_id": field.value, "action_id": field.action_id, **value}],
    }


@pytest.mark.parametrize("word", ["expired_trigger_id", "internal_error", "exchanged"])
async def test_where_slack_opens_no_form_that_is_said(word: str) -> None:
    room = Room()
    room.client.refusal = word

    assert not await room.open(Form())
    assert room.asked == []


async def test_what_slack_could_not_keep_is_not_opened_as_a_form() -> None:
    room = Room()
    assert not await room.open(Form(watch="w7k3f", rest="x" * 3000))
    assert not await room.dialogs.open(ASKED, trigger="", url=HOOK, asker=KIM)
    assert room.client.views == []


async def test_a_form_is_open_although_nothing_can_be_suggested_for_it() -> None:
    room = Room()
    assert await room.open(Form())
    assert room.client.said == ["Choose a pipeline or a group."]
    assert await room.dialogs.suggested("x") == []


async def test_a_change_is_drawn_at_once_and_how_often_it_rang_follows() -> None:
    room = Room()
    await room.dialogs.changed(change(RELEASE, Field.BRANCH, value="main"))

    typed = "The same, typed: /runs watch ci:release branch:main"
    assert room.client.said == [
        f"{typed}\n{COUNTING}",
        f"{typed}\nIt would have rung twice.",
    ]
    # It is dropped by Slack, where the form is no longer what it was.
    assert room.client.hashes == ["h0", "h1"]
    assert room.asked == ["test ci:release branch:main"]


async def test_what_was_counted_for_an_earlier_change_is_not_shown() -> None:
    room = Room()
    gate = room.gates["test ci:release branch:m"] = asyncio.Event()
    first = change(RELEASE, Field.BRANCH, value="m")
    waiting = asyncio.create_task(room.dialogs.changed(first))
    while not room.asked:
        await asyncio.wait({waiting}, timeout=0)
    await room.dialogs.changed(change(RELEASE, Field.BRANCH, value="main"))
    gate.set()
    await waiting

    assert "branch:main\nIt would have rung twice." in room.client.said[-1]
    assert len(room.client.said) == 3


async def test_of_quick_changes_the_last_is_drawn_although_all_saw_the_same() -> None:
    room = Room()
    gate = room.client.gate = asyncio.Event()
    first, second, third = (
        asyncio.create_task(
            room.dialogs.changed(change(RELEASE, Field.BRANCH, value=value))
        )
        for value in ("m", "ma", "main")
    )
    await asyncio.wait({first, second, third}, timeout=0)
    gate.set()
    await asyncio.gather(first, second, third)

    # The first was under way already, and the second was out of date by its turn.
    assert room.asked == ["test ci:release branch:main"]
    assert [said.splitlines()[0][-6:] for said in room.client.said] == [
        "anch:m",
        "h:main",
        "h:main",
    ]
    assert room.client.hashes == ["h0", "h1", "h2"]


async def test_a_form_that_was_submitted_is_drawn_no_more() -> None:
    room = Room()
    gate = room.gates["test ci:release branch:main"] = asyncio.Event()
    body = change(RELEASE, Field.BRANCH, value="main")
    counting = asyncio.create_task(room.dialogs.changed(body))
    while not room.asked:
        await asyncio.wait({counting}, timeout=0)
    filled = Filled.read(body)
    assert filled is not None
    room.dialogs.taken(filled)
    gate.set()
    await counting

    assert len(room.client.views) == 1


@pytest.mark.parametrize("word", ["hash_conflict", "not_found"])
async def test_a_form_that_is_drawn_elsewhere_or_closed_is_left_alone_quietly(
    word: str,
) -> None:
    room = Room()
    room.client.refusal = word
    with capture_logs() as noted:
        await room.dialogs.changed(change(RELEASE, Field.BRANCH, value="main"))

    assert room.client.views == []
    assert room.asked == []
    assert [(note["log_level"], note["error"]) for note in noted] == [("info", word)]


@pytest.mark.parametrize("word", ["not_in_channel", "channel_not_found"])
async def test_a_channel_that_would_hear_nothing_is_told_at_its_field(
    word: str,
) -> None:
    room = Room()
    room.client.history = word
    filled = Filled(form=RELEASE, asker=KIM, url=HOOK)

    found = await room.dialogs.deafness(filled)

    told = f"I could not tell the channel ({word}). Invite me there, or no alert will"
    assert found == {Field.CHANNEL: f"{told} arrive."}
    named = replace(filled, form=replace(RELEASE, channel="C0OPS"))
    await room.dialogs.deafness(named)
    assert room.client.looked_into == ["C0CI", "C0OPS"]


@pytest.mark.parametrize("word", [None, "missing_scope", "internal_error", "hangs"])
async def test_a_channel_of_which_nothing_is_known_is_no_reason_to_refuse(
    word: str | None,
) -> None:
    room = Room()
    room.client.history = word
    filled = Filled(form=RELEASE, asker=KIM, url=HOOK)

    assert await room.dialogs.deafness(filled) == {}


async def test_a_person_and_a_watch_that_is_there_need_no_look() -> None:
    room = Room()
    direct = Asker(user="U0KIM", channel="D0KIM", is_direct=True)
    alone = Filled(form=RELEASE, asker=direct, url=HOOK)
    edited = Filled(form=replace(RELEASE, watch="w7k3f"), asker=KIM, url=HOOK)

    assert await room.dialogs.deafness(alone) == {}
    assert await room.dialogs.deafness(edited) == {}
    assert room.client.looked_into == []


async def test_what_could_not_be_counted_is_said_to_be_unknown() -> None:
    room = Room()
    room.answer = Help(command="/runs", connections=(), groups=(), aliases=())
    assert await room.open(Form(watch="w7k3f", target="ci:release"))
    assert room.client.said[-1].endswith(NOT_COUNTED)


async def test_without_an_event_there_is_no_command_and_it_is_refused() -> None:
    room = Room()
    body = change(RELEASE, Field.ON, selected_options=[])
    await room.dialogs.changed(body)

    assert room.client.said == ["Tick at least one."]
    assert room.asked == []
    filled = Filled.read(body)
    assert filled is not None
    assert list(room.dialogs.refusal(filled)) == [Field.ON]
    nothing = Filled(form=Form(), asker=KIM, url=HOOK)
    assert list(room.dialogs.refusal(nothing)) == [Field.TARGET]


def test_what_only_says_that_a_connection_is_still_asked_cannot_be_watched() -> None:
    body = change(Form(target=NO_TARGET, name="Still asking ci"), Field.STYLE)

    filled = Filled.read(body)

    assert filled is not None
    assert filled.form.target is None
    assert list(Room().dialogs.refusal(filled)) == [Field.TARGET]


@pytest.mark.parametrize(
    ("chosen", "told"), [("C0OPS", "C0OPS"), ("C0CI", None), (None, None)]
)
def test_the_channel_it_was_asked_for_in_goes_without_saying(
    chosen: str | None, told: str | None
) -> None:
    body = change(RELEASE, Field.CHANNEL, selected_conversation=chosen)

    filled = Filled.read(body)

    assert filled is not None
    assert filled.form.channel == told


def test_a_form_knows_who_fills_it_in_and_where_it_was_asked_for() -> None:
    body = change(RELEASE, Field.MENTION, selected_user="U0LEE")

    filled = Filled.read(body)

    assert filled is not None
    assert (filled.asker, filled.url, filled.view) == (KIM, HOOK, "V1")
    assert filled.form == Form(target="ci:release", name="release", mention="U0LEE")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Field, "value", "text"]), inner, max_size=3)
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(["selected_option", "selected_options", "value", "type"])


@given(
    view=JSON,
    values=st.dictionaries(
        st.sampled_from([*Field, "other"]),
        JSON | st.dictionaries(st.sampled_from([f.action_id for f in Field]), JSON),
    ),
    actions=JSON | st.lists(st.dictionaries(NAMES | st.just("block_id"), JSON)),
    metadata=JSON | st.sampled_from(["{}", "[]", '{"watch":1}', '{"watch":"w"}']),
)
def test_what_comes_back_in_any_shape_breaks_nothing(
    view: Any, values: Any, actions: Any, metadata: Any
) -> None:
    Filled.read({"view": view, "actions": actions})
    known = {
        "callback_id": CALLBACK,
        "private_metadata": metadata,
        "state": {"values": values},
    }
    filled = Filled.read({"view": known, "actions": actions})
    assert filled is None or isinstance(filled.metadata, str)
