"""The Web API: what it answers, and what it refuses, as an ordinary client sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, LocalSlack, Message, User
from tests.bot.demo.slack.conftest import APP_TOKEN, BOT_TOKEN
from tests.fakes.clock import FakeClock

SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "*red*"}}]
METADATA = {"event_type": "run_failed", "event_payload": {"run": "7"}}


@pytest.fixture
def post(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel
) -> Callable[..., Awaitable[Message]]:
    async def post(text: str = "red", **more: Any) -> Message:
        posted = await client.chat_postMessage(channel=ops.id, text=text, **more)
        everything = slack.messages(ops, posted["message"].get("thread_ts"))
        return next(m for m in everything if m.ts == posted["ts"])

    return post


async def test_the_token_says_who_the_bot_is(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    answer = await client.auth_test()

    assert answer["user_id"] == slack.bot_user_id
    assert answer["team_id"] == slack.team_id
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        (APP_TOKEN, "auth.test", "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (BOT_TOKEN, "chat.shout", "unknown_method"),
    ],
)
async def test_a_wrong_token_or_method_is_refused_with_status_200(
    slack: LocalSlack,
    session: aiohttp.ClientSession,
    token: str | None,
    method: str,
    error: str,
) -> None:
    form = {} if token is None else {"token": token}
    async with session.post(slack.api_url + method, data=form) as response:
        answer = await response.json()

    assert (response.status, answer["ok"], answer["error"]) == (200, False, error)
    assert [call.error for call in slack.refused] == [error]
    assert "token" not in slack.refused[0].args


@pytest.mark.parametrize(
    ("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")]
)
async def test_a_body_that_is_no_object_is_refused(
    slack: LocalSlack, session: aiohttp.ClientSession, body: str, error: str
) -> None:
    headers = {"Content-Type": "application/json"}
    url = slack.api_url + "auth.test"
    async with session.post(url, data=body, headers=headers) as response:
        answer = await response.json()

    assert answer["error"] == error


async def test_a_form_carries_json_as_text(
    slack: LocalSlack, session: aiohttp.ClientSession, ops: Channel
) -> None:
    form = {
        "token": BOT_TOKEN,
        "channel": "#ops",
        "text": "x",
        "blocks": '[{"type":"divider"}]',
    }
    async with session.post(slack.api_url + "chat.postMessage", data=form) as response:
        answer = await response.json()
    form["blocks"] = "[{"
    async with session.post(slack.api_url + "chat.postMessage", data=form) as response:
        refusal = await response.json()

    assert answer["channel"] == ops.id
    assert slack.messages(ops)[0].blocks[0]["type"] == "divider"
    assert refusal["error"] == "invalid_blocks_format"


async def test_a_posted_message_is_answered_as_it_was_kept(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel, clock: FakeClock
) -> None:
    answer = await client.chat_postMessage(
        channel=ops.id, text="red", blocks=SECTION, metadata=METADATA
    )

    [message] = slack.messages(ops)
    assert message.ts == answer["ts"]
    assert message.ts.startswith(f"{int(clock.now().timestamp())}.")
    assert message.metadata == METADATA
    assert answer["message"]["blocks"][0]["text"] == SECTION[0]["text"]
    assert answer["message"]["bot_id"] == message.bot_id
    [call] = slack.called("chat.postMessage")
    assert (call.args["text"], call.at) == ("red", clock.now())


async def test_a_message_to_a_person_opens_the_room_with_them(
    slack: LocalSlack, client: AsyncWebClient, ann: User
) -> None:
    posted = await client.chat_postMessage(channel=ann.id, text="psst")
    opened = await client.conversations_open(users=ann.id)

    assert posted["channel"] == opened["channel"]["id"] == slack.open_dm(ann).id
    assert (await client.conversations_open(channel=posted["channel"]))["ok"]
    shown = await client.conversations_info(channel=posted["channel"])
    assert (shown["channel"]["is_im"], shown["channel"]["user"]) == (True, ann.id)


Post = dict[str, Any]
REFUSED_POSTS: list[tuple[Post, str]] = [
    ({"channel": "nowhere"}, "channel_not_found"),
    ({"channel": "secret"}, "channel_not_found"),
    ({"channel": "elsewhere"}, "not_in_channel"),
    ({"channel": "old"}, "is_archived"),
    ({"channel": ""}, "invalid_arguments"),
    ({"text": ""}, "no_text"),
    ({"text": "", "blocks": []}, "no_text"),
    ({"text": "x" * 40_001}, "msg_too_long"),
    ({"text": None, "markdown_text": "x" * 12_001}, "msg_too_long"),
    ({"markdown_text": "x"}, "markdown_text_conflict"),
    ({"attachments": [{}] * 101}, "too_many_attachments"),
    ({"attachments": {}}, "invalid_attachments"),
    ({"attachments": [7]}, "invalid_attachments"),
    ({"attachments": [{"color": "reddish"}]}, "invalid_attachments"),
    ({"attachments": [{"footer": "x" * 301}]}, "invalid_attachments"),
    ({"attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_attachments"),
    ({"metadata": "{"}, "invalid_metadata_format"),
    ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
    ({"metadata": {"event_payload": {}}}, "invalid_metadata_format"),
    ({"thread_ts": "1.000000"}, "thread_not_found"),
]


@pytest.mark.parametrize(("given", "error"), REFUSED_POSTS)
async def test_a_message_slack_would_not_post_is_refused(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel, given: Post, error: str
) -> None:
    slack.add_channel("secret", bot=False, private=True)
    slack.add_channel("elsewhere", bot=False)
    slack.add_channel("old", archived=True)
    body = {"channel": ops.id, "text": "x", **given}

    with pytest.raises(SlackApiError, match=error):
        await client.api_call("chat.postMessage", json=body)
    assert slack.messages(ops) == []


async def test_as_much_as_fits_is_posted(
    post: Callable[..., Awaitable[Message]], client: AsyncWebClient, ops: Channel
) -> None:
    attachment = {"color": "#2eb886", "blocks": SECTION, "footer": "x" * 300}
    message = await post("x" * 40_000, attachments=[attachment] * 100)
    markdown = await client.api_call(
        "chat.postMessage", json={"channel": ops.id, "markdown_text": "**red**"}
    )
    silent = await client.api_call(
        "chat.postMessage", json={"channel": ops.id, "blocks": SECTION}
    )

    assert len(message.content.attachments) == 100
    assert markdown["message"]["text"] == "**red**"
    assert silent["message"]["text"] == "This content can't be displayed."


async def test_the_right_to_write_anywhere_ends_at_private_channels(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    elsewhere = slack.add_channel("elsewhere", bot=False)
    secret = slack.add_channel("secret", bot=False, private=True)
    slack.scopes.add("chat:write.public")

    assert (await client.chat_postMessage(channel=elsewhere.id, text="x"))["ok"]
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel=secret.id, text="x")


async def test_a_missing_scope_is_named(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel
) -> None:
    slack.scopes.clear()
    slack.scopes.add("commands")

    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=ops.id, text="x")

    answer = refused.value.response
    assert answer["error"] == "missing_scope"
    assert (answer["needed"], answer["provided"]) == ("chat:write", "commands")


async def test_only_its_reader_sees_an_ephemeral_message(
    slack: LocalSlack, client: AsyncWebClient, ann: User, bob: User, ops: Channel
) -> None:
    eve = slack.add_user("eve")
    posted = await client.chat_postEphemeral(channel=ops.id, user=ann.id, text="psst")
    elsewhere = slack.add_channel("elsewhere", ann, bot=False)

    [message] = slack.messages(ops, viewer=ann)
    assert message.ts == posted["message_ts"]
    assert slack.messages(ops, viewer=bob) == []
    history = await client.conversations_history(channel=ops.id)
    assert history["messages"] == []
    for channel, user, error in (
        (ops, eve, "user_not_in_channel"),
        (elsewhere, ann, "not_in_channel"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await client.chat_postEphemeral(
                channel=channel.id, user=user.id, text="psst"
            )
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_update(channel=ops.id, ts=message.ts, text="x")


async def test_text_alone_takes_the_blocks_away_and_marks_the_message_as_edited(
    slack: LocalSlack,
    client: AsyncWebClient,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
) -> None:
    message = await post(blocks=SECTION, metadata=METADATA)

    await client.chat_update(channel=ops.id, ts=message.ts, text="green")

    assert (message.text, message.blocks) == ("green", [])
    assert message.metadata == METADATA
    assert message.wire()["edited"]["ts"] == message.edited_ts
    assert slack.messages(ops) == [message]


@pytest.mark.parametrize(
    ("given", "text", "blocks", "metadata"),
    [
        ({"blocks": SECTION * 2}, "red", 2, METADATA),
        ({"blocks": SECTION * 2, "text": "green"}, "green", 2, METADATA),
        ({"blocks": [], "text": "green"}, "green", 0, METADATA),
        ({"attachments": [{"color": "good"}]}, "red", 1, METADATA),
        ({"blocks": SECTION, "metadata": {}}, "red", 1, None),
    ],
)
async def test_an_update_keeps_what_it_does_not_name(
    client: AsyncWebClient,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
    given: Post,
    text: str,
    blocks: int,
    metadata: Any,
) -> None:
    message = await post(blocks=SECTION, metadata=METADATA)

    body = {"channel": ops.id, "ts": message.ts, **given}
    await client.api_call("chat.update", json=body)

    assert (message.text, len(message.blocks)) == (text, blocks)
    assert message.metadata == metadata
    assert ("edited" in message.wire()) == (blocks == 0)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "no_text"),
        ({"text": "", "blocks": [], "attachments": []}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"channel": "#ops", "text": "x"}, "channel_not_found"),
        ({"ts": "1.000000", "text": "x"}, "message_not_found"),
        ({"ts": "", "text": "x"}, "invalid_arguments"),
        ({"blocks": [{"type": "x"}]}, "invalid_blocks"),
    ],
)
async def test_an_update_slack_would_not_make_is_refused(
    client: AsyncWebClient,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
    given: Post,
    error: str,
) -> None:
    message = await post()

    with pytest.raises(SlackApiError, match=error):
        await client.api_call(
            "chat.update", json={"channel": ops.id, "ts": message.ts, **given}
        )
    assert (message.text, message.edited) == ("red", [])


async def test_the_app_cannot_touch_what_people_say(
    slack: LocalSlack, client: AsyncWebClient, ann: User, ops: Channel
) -> None:
    said = (await slack.mention(ann, ops, "mine")).message
    assert said is not None

    with pytest.raises(SlackApiError, match="cant_update_message"):
        await client.chat_update(channel=ops.id, ts=said.ts, text="yours")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await client.chat_delete(channel=ops.id, ts=said.ts)


async def test_a_deleted_message_is_gone(
    slack: LocalSlack,
    client: AsyncWebClient,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
) -> None:
    message = await post()
    await client.chat_delete(channel=ops.id, ts=message.ts)

    assert slack.messages(ops) == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_delete(channel=ops.id, ts=message.ts)


async def test_replies_are_in_the_thread_and_broadcasts_in_both(
    slack: LocalSlack,
    client: AsyncWebClient,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
) -> None:
    parent = await post("red", metadata=METADATA)
    reply = await post("why", thread_ts=parent.ts)
    loud = await post("fixed", thread_ts=parent.ts, reply_broadcast=True)

    assert slack.messages(ops) == [parent, loud]
    assert slack.messages(ops, parent.ts) == [parent, reply, loud]
    answer = await client.conversations_replies(channel=ops.id, ts=parent.ts)
    assert [m["text"] for m in answer["messages"]] == ["red", "why", "fixed"]
    assert "metadata" not in answer["messages"][0]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.chat_postMessage(channel=ops.id, text="x", thread_ts=reply.ts)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.conversations_replies(channel=ops.id, ts="1.000000")


async def test_history_is_read_backwards_page_by_page(
    client: AsyncWebClient, ops: Channel, post: Callable[..., Awaitable[Message]]
) -> None:
    said = [await post(str(n), metadata=METADATA) for n in range(5)]

    texts: list[str] = []
    cursor = ""
    while True:
        answer = await client.conversations_history(
            channel=ops.id, limit=2, cursor=cursor, include_all_metadata=True
        )
        texts += [message["text"] for message in answer["messages"]]
        assert answer["messages"][0]["metadata"] == METADATA
        cursor = answer["response_metadata"]["next_cursor"]
        assert answer["has_more"] == bool(cursor)
        if not cursor:
            break
    assert texts == ["4", "3", "2", "1", "0"]

    edges: dict[str, Any] = {"oldest": said[1].ts, "latest": said[3].ts}
    between = await client.conversations_history(channel=ops.id, **edges)
    around = await client.conversations_history(channel=ops.id, inclusive=True, **edges)
    assert [m["text"] for m in between["messages"]] == ["2"]
    assert [m["text"] for m in around["messages"]] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"cursor": "bm9uc2Vuc2U="}, "invalid_cursor"),
        ({"cursor": "???"}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_arguments"),
        ({"channel": "elsewhere"}, "not_in_channel"),
    ],
)
async def test_history_slack_would_not_give_is_refused(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel, given: Post, error: str
) -> None:
    slack.add_channel("elsewhere", bot=False)

    with pytest.raises(SlackApiError, match=error):
        await client.conversations_history(**{"channel": ops.id, **given})


async def test_the_bot_sees_public_channels_and_the_private_ones_it_is_in(
    slack: LocalSlack, client: AsyncWebClient, ann: User, ops: Channel
) -> None:
    inside = slack.add_channel("inside", ann, private=True)
    slack.add_channel("secret", ann, private=True, bot=False)
    old = slack.add_channel("old", bot=False, archived=True)
    room = slack.open_dm(ann)

    every = "public_channel, private_channel,im"
    seen = await client.conversations_list(types=every)
    public = await client.conversations_list(exclude_archived=True)
    mine = await client.users_conversations(types=every)
    anns = await client.users_conversations(types=every, user=ann.id)

    def ids(answer: Any) -> list[str]:
        return [channel["id"] for channel in answer["channels"]]

    assert ids(seen) == [ops.id, inside.id, old.id, room.id]
    assert ids(public) == [ops.id]
    assert ids(mine) == ids(anns) == [ops.id, inside.id, room.id]


async def test_the_bot_joins_public_channels_only(
    slack: LocalSlack, client: AsyncWebClient, ann: User
) -> None:
    other = slack.add_channel("other", ann, bot=False)
    inside = slack.add_channel("inside", ann, private=True)
    old = slack.add_channel("old", bot=False, archived=True)

    joined = await client.conversations_join(channel=other.id)
    again = await client.conversations_join(channel=other.id)
    members = await client.conversations_members(channel=other.id)

    assert joined["channel"]["is_member"]
    assert again["warning"] == "already_in_channel"
    assert members["members"] == [ann.id, slack.bot_user_id]
    for channel, error in (
        (inside, "method_not_supported_for_channel_type"),
        (old, "is_archived"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await client.conversations_join(channel=channel.id)


async def test_people_are_told_with_their_time_zone(
    slack: LocalSlack, client: AsyncWebClient, ann: User
) -> None:
    user = (await client.users_info(user=ann.id))["user"]
    everybody = (await client.users_list())["members"]
    found = await client.users_lookupByEmail(email="ann@example.com")

    assert (user["name"], user["tz"]) == ("ann", "Europe/Berlin")
    assert user["tz_offset"] in (3600, 7200)
    assert [member["id"] for member in everybody] == [slack.bot_user_id, ann.id]
    assert found["user"] == user
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user="U0NOBODY")
    with pytest.raises(SlackApiError, match="users_not_found"):
        await client.users_lookupByEmail(email="runbell@example.com")


async def test_the_bot_is_told_as_the_author_of_its_messages(
    slack: LocalSlack, client: AsyncWebClient, post: Callable[..., Awaitable[Message]]
) -> None:
    message = await post()
    bot = (await client.bots_info(bot=str(message.bot_id)))["bot"]

    assert bot["user_id"] == slack.bot_user_id
    with pytest.raises(SlackApiError, match="bot_not_found"):
        await client.bots_info(bot="B0NOBODY")


async def test_a_message_has_an_address_and_a_reply_names_its_thread(
    client: AsyncWebClient, ops: Channel, post: Callable[..., Awaitable[Message]]
) -> None:
    parent = await post()
    reply = await post(thread_ts=parent.ts)

    links = [
        (await client.chat_getPermalink(channel=ops.id, message_ts=m.ts))["permalink"]
        for m in (parent, reply)
    ]

    base = f"https://demo.slack.com/archives/{ops.id}/p"
    assert links[0] == base + parent.ts.replace(".", "")
    assert links[1].endswith(f"?thread_ts={parent.ts}&cid={ops.id}")


async def test_a_reaction_is_added_once(
    client: AsyncWebClient,
    slack: LocalSlack,
    ops: Channel,
    post: Callable[..., Awaitable[Message]],
) -> None:
    message = await post()
    await client.reactions_add(channel=ops.id, timestamp=message.ts, name="eyes")

    assert message.reactions == {"eyes": [slack.bot]}
    assert message.wire()["reactions"][0]["count"] == 1
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(channel=ops.id, timestamp=message.ts, name=":eyes:")


async def test_a_channel_takes_a_burst_and_then_a_message_a_second(
    slack: LocalSlack,
    client: AsyncWebClient,
    ops: Channel,
    clock: FakeClock,
    post: Callable[..., Awaitable[Message]],
) -> None:
    slack.limits.per_channel(burst=2)
    other = slack.add_channel("other")
    await post()
    message = await post()

    with pytest.raises(SlackApiError) as refused:
        await client.chat_update(channel=ops.id, ts=message.ts, text="x")
    answer = refused.value.response
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "1"

    assert (await client.chat_postMessage(channel=other.id, text="x"))["ok"]
    clock.move(timedelta(seconds=1))
    await client.chat_update(channel=ops.id, ts=message.ts, text="x")
    slack.limits.off()
    for _ in range(5):
        await post()


async def test_a_method_is_open_again_when_its_minute_is_over(
    slack: LocalSlack, client: AsyncWebClient, clock: FakeClock
) -> None:
    slack.limits.per_method()
    for _ in range(20):
        await client.conversations_list()
    clock.move(timedelta(seconds=18))

    with pytest.raises(SlackApiError) as refused:
        await client.conversations_list()
    assert refused.value.response.headers["Retry-After"] == "42"
    assert (await client.users_info(user=slack.bot_user_id))["ok"]
    clock.move(timedelta(seconds=42))
    assert (await client.conversations_list())["ok"]


async def test_a_method_fails_as_often_as_it_is_told_to(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "ratelimited", times=2, retry_after=30)
    slack.fail_next("chat.postMessage", "ratelimited")
    slack.fail_next("chat.postMessage", "internal_error")

    waits = []
    for _ in range(3):
        with pytest.raises(SlackApiError, match="ratelimited") as refused:
            await client.chat_postMessage(channel=ops.id, text="x")
        waits.append(refused.value.response.headers["Retry-After"])
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.chat_postMessage(channel=ops.id, text="x")
    await client.chat_postMessage(channel=ops.id, text="x")

    assert waits == ["30", "30", "1"]
    assert [message.text for message in slack.messages(ops)] == ["x"]
    assert len(slack.refused) == 4


async def test_slack_in_trouble_answers_with_a_status(
    slack: LocalSlack, session: aiohttp.ClientSession
) -> None:
    slack.fail_next("auth.test", 503, retry_after=5)
    slack.fail_next("auth.test", 500)
    url = slack.api_url + "auth.test"

    async with session.post(url) as first, session.post(url) as second:
        assert (first.status, first.headers["Retry-After"]) == (503, "5")
        assert (second.status, second.headers.get("Retry-After")) == (500, None)


async def test_an_answer_can_be_lost_after_the_message_was_posted(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "drop_after_accept")

    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=ops.id, text="x")

    assert [message.text for message in slack.messages(ops)] == ["x"]
    assert len(slack.called("chat.postMessage")) == 1


async def test_slack_can_say_that_it_failed_after_it_posted(
    slack: LocalSlack, client: AsyncWebClient, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "fail_after_accept")

    with pytest.raises(SlackApiError) as failed:
        await client.chat_postMessage(channel=ops.id, text="x")

    assert failed.value.response.status_code == 500
    assert [message.text for message in slack.messages(ops)] == ["x"]


async def test_a_posted_message_may_never_be_answered(
    slack: LocalSlack, session: aiohttp.ClientSession, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "hang_after_accept")
    post = {"token": BOT_TOKEN, "channel": ops.id, "text": "x"}
    quick = aiohttp.ClientTimeout(total=0.2)

    with pytest.raises(TimeoutError):
        await session.post(slack.api_url + "chat.postMessage", data=post, timeout=quick)

    assert [message.text for message in slack.messages(ops)] == ["x"]


async def test_a_call_can_hang_without_keeping_slack_open(
    slack: LocalSlack, session: aiohttp.ClientSession, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "hang")
    quick = aiohttp.ClientTimeout(total=0.05)

    with pytest.raises(TimeoutError):
        await session.post(slack.api_url + "chat.postMessage", timeout=quick)
    assert slack.messages(ops) == []
