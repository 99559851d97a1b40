"""Whose turn it is: after a refusal, with a new credential, within an hour's budget."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.alerts import Said
from bot.records import DeliveryKind
from bot.watch.poller import Account, Poller
from bot.watch.turns import Turns
from bot.watching import fingerprint
from providers.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.model import State
from providers.northflank.settings import NorthflankSettings
from tests.bot.watch.tower import CHANNEL, MINUTE, PACE, RELEASE, Tower
from tests.fakes.provider import FakeProvider

ERROR: dict[str, Any] = {"connection": "acme", "operation": "latest_runs"}


def restarted(tower: Tower, credential: str) -> Turns:
    """Return the turns of a process that was started with this credential."""
    return Poller(
        tower.providers,
        tower.store,
        clock=tower.clock,
        random=tower.random,
        targets=tower.targets,
        pace=PACE,
        calls=lambda _: 1,
        accounts={"acme": Account(credential=credential)},
    ).turns


async def refused(tower: Tower, provider: FakeProvider) -> None:
    await tower.watch()
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()
    provider.failure = Unauthorized("401", **ERROR)
    await tower.pass_time()
    provider.failure = None
    tower.clock.move(MINUTE)


async def over(tower: Tower, channel: str = CHANNEL) -> list[bool]:
    """Return whether each notice of a channel says that something is over."""
    said = await tower.said(DeliveryKind.NOTICE, channel)
    return [notice.is_over for notice in said if isinstance(notice, Said)]


async def test_a_restart_with_another_credential_tries_it_at_once(
    tower: Tower, provider: FakeProvider
) -> None:
    await refused(tower, provider)
    assert await restarted(tower, "").due() == []

    assert await restarted(tower, "1a2b").due() == ["acme"]


async def test_a_restart_with_another_credential_leaves_alone_who_asked_for_it(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.pass_time()
    provider.failure = RateLimited("429", retry_after=timedelta(hours=1), **ERROR)
    await tower.pass_time()

    assert await restarted(tower, "1a2b").due() == []


async def test_a_person_who_can_read_it_has_a_refused_connection_looked_at_at_once(
    tower: Tower, provider: FakeProvider
) -> None:
    await refused(tower, provider)
    [run] = provider.runs[RELEASE]

    await tower.watching.saw("acme", {RELEASE: run})
    await tower.engine.settle()

    assert await over(tower) == [False, True]


@pytest.mark.parametrize("found", [NotFound("gone", **ERROR), Forbidden("no", **ERROR)])
async def test_who_cannot_read_it_either_changes_nothing(
    tower: Tower, provider: FakeProvider, found: NotFound | Forbidden
) -> None:
    await refused(tower, provider)
    provider.asked.clear()

    await tower.watching.saw("acme", {RELEASE: found})
    await tower.watching.saw("acme", {})
    await tower.engine.settle()

    assert provider.asked == []


async def test_a_person_does_not_hasten_whom_a_limit_keeps_away(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()
    provider.failure = RateLimited("429", retry_after=timedelta(hours=1), **ERROR)
    await tower.pass_time()
    provider.failure = None
    provider.asked.clear()
    [run] = provider.runs[RELEASE]

    await tower.watching.saw("acme", {RELEASE: run})
    await tower.engine.settle()

    assert provider.asked == []


async def test_who_begins_to_watch_while_nothing_is_seen_is_told_so_before_it_is_over(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.pass_time()
    provider.failure = Unavailable("503", **ERROR)
    await tower.pass_time(20 * MINUTE)
    await tower.watch("w2", channel="C0002", target="acme:rel*")
    await tower.pass_time(20 * MINUTE)
    assert await over(tower, "C0002") == [False]
    await tower.again().pass_time(20 * MINUTE)
    assert await over(tower, "C0002") == [False]

    provider.failure = None
    await tower.again().pass_time(10 * MINUTE)

    assert await over(tower, "C0002") == [False, True]
    assert await over(tower) == [False, True]


def test_a_fingerprint_tells_credentials_apart_and_holds_none() -> None:
    def printed(**said: Any) -> str:
        return fingerprint(
            NorthflankSettings.model_validate({"kind": "northflank", **said})
        )

    one = printed(token="nf-0000-not-a-token")

    assert one == printed(token="nf-0000-not-a-token")
    assert one != printed(token="nf-1111-not-a-token")
    assert len(one) == 4


async def test_what_an_hour_allows_is_not_spent_by_looking_alone(
    tower: Tower,
) -> None:
    await tower.watch()
    tower.runs(1, State.SUCCEEDED)
    asked, clock = count(step=4), tower.clock
    poller = Poller(
        tower.providers,
        tower.store,
        clock=clock,
        random=tower.random,
        targets=tower.targets,
        pace=PACE,
        calls=lambda _: next(asked),
        accounts={"acme": Account(per_hour=60)},
    )

    await poller.turns.due()
    clock.move(PACE.busy)
    assert await poller.turns.due() == ["acme"]
    await poller.look("acme")

    async with tower.store.read() as tx:
        [lane] = await tx.lanes.all()
    # Four calls, of which there may be 48 in an hour.
    assert lane.due_at - clock.now() == timedelta(minutes=5)
