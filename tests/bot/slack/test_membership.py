"""Who is in a channel: known, or said to be unknown; never guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack
from bot.slack import membership
from bot.slack.membership import is_member
from tests.bot.slack.conftest import TOKEN


@pytest.fixture
async def client(slack: LocalSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            TOKEN, base_url=slack.api_url, session=session, retry_handlers=[]
        )


@pytest.mark.parametrize("private", [False, True])
async def test_whoever_is_in_a_channel_is_told_from_whoever_is_not(
    slack: LocalSlack, client: AsyncWebClient, *, private: bool
) -> None:
    ann, bob = slack.add_user("ann"), slack.add_user("bob")
    ops = slack.add_channel("ops", ann, private=private)

    assert await is_member(client, ann.id, ops.id) is True
    assert await is_member(client, bob.id, ops.id) is False


async def test_everybody_is_found_however_many_there_are(
    slack: LocalSlack, client: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "PAGE", 2)
    people = [slack.add_user(f"p{n}") for n in range(7)]
    ops = slack.add_channel("ops", *people)

    assert await is_member(client, people[-1].id, ops.id) is True
    assert await is_member(client, "U0NOBODY", ops.id) is False
    assert len(slack.called("conversations.members")) == 8

    monkeypatch.setattr(membership, "MOST_PAGES", 2)
    assert await is_member(client, people[-1].id, ops.id) is None


async def test_what_slack_does_not_tell_is_not_known(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    ann = slack.add_user("ann")
    ops = slack.add_channel("ops", ann)
    hidden = slack.add_channel("hidden", ann, bot=False, private=True)

    assert await is_member(client, ann.id, hidden.id) is None

    slack.fail_next("conversations.members", 500)
    assert await is_member(client, ann.id, ops.id) is None

    slack.scopes.clear()
    assert await is_member(client, ann.id, ops.id) is None
