"""What the doctor makes of one connection's answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from typing_extensions import override

from bot.setup.connections import examine
from bot.setup.findings import Grade
from providers.contract import Page
from providers.errors import Forbidden, ProviderError, Unauthorized
from providers.model import Identity, Pipeline, State
from tests.fakes.provider import NOON, FakeProvider


class Clerk(FakeProvider):
    """A provider that says who we are, until when, and how many pipelines it has."""

    def __init__(self, *pipelines: str, expires_at: datetime | None = None) -> None:
        super().__init__("shop", dict.fromkeys(pipelines, (State.SUCCEEDED,)))
        self.identity = Identity(name="ci-bot", expires_at=expires_at)
        self.total: int | None = None
        self.lists = True

    @override
    async def check(self) -> Identity:
        await super().check()
        return self.identity

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        if not self.lists:
            raise error(Forbidden, "HTTP 403: no")
        page = await super().list_pipelines(search, limit=limit)
        return Page(items=page.items, next=page.next, total=self.total)


def error(kind: type[ProviderError], detail: str) -> ProviderError:
    return kind(
        detail, connection="shop", operation="x", code="E.7", request_id="req-1"
    )


async def test_it_asks_for_no_more_than_it_needs() -> None:
    clerk = Clerk("api", "web")
    await examine(clerk, NOON)
    assert clerk.asked == ["check", "list_pipelines", "latest_runs"]


@pytest.mark.parametrize(
    ("pipelines", "total", "said"),
    [
        (("api",), None, "ci-bot; one pipeline; runs can be read"),
        (("api", "web"), None, "ci-bot; more than one pipeline; runs can be read"),
        (("api", "web"), 31, "ci-bot; 31 pipelines; runs can be read"),
        (("api",), 1, "ci-bot; 1 pipeline; runs can be read"),
    ],
)
async def test_it_says_how_many_pipelines_as_far_as_is_known(
    pipelines: tuple[str, ...], total: int | None, said: str
) -> None:
    clerk = Clerk(*pipelines)
    clerk.total = total
    (found,) = await examine(clerk, NOON)
    assert (found.grade, found.what, found.fix) == (Grade.OK, said, None)


async def test_an_identity_that_is_the_count_is_not_said_twice() -> None:
    clerk = Clerk("api", "web")
    clerk.total, clerk.identity = 2, Identity(detail="2 pipelines")
    (found,) = await examine(clerk, NOON)
    assert found.what == "2 pipelines; runs can be read"


async def test_nobody_in_particular_is_somebody_whose_credential_works() -> None:
    clerk = Clerk("api")
    clerk.identity = Identity()
    (found,) = await examine(clerk, NOON)
    assert found.what == "the credential works; one pipeline; runs can be read"


async def test_seeing_no_pipeline_is_a_warning() -> None:
    (found,) = await examine(Clerk(), NOON)
    assert found.grade is Grade.WARNING
    assert found.what == "ci-bot; no pipeline can be seen"
    assert "project or organisation" in (found.fix or "")


async def test_a_pipeline_that_never_ran_is_fine() -> None:
    provider = FakeProvider("shop", {"api": ()})
    (found,) = await examine(provider, NOON)
    assert found.grade is Grade.OK


async def test_it_says_how_far_it_came() -> None:
    clerk = Clerk("api")
    clerk.failure = error(Unauthorized, "HTTP 401: who are you")
    (found,) = await examine(clerk, NOON)
    assert found.what == (
        "the credential cannot be used: the credential was not accepted "
        "(HTTP 401: who are you [E.7], request req-1)"
    )
    assert (found.fix or "").endswith("clock says 2024-05-01 12:00:00 UTC.")

    clerk.failure, clerk.lists = None, False
    (found,) = await examine(clerk, NOON)
    assert found.what.startswith("we are let in, but the list of pipelines cannot be")
    assert "permission" in (found.fix or "")
    assert "clock" not in (found.fix or "")

    clerk.lists, clerk.broken = True, {"api": error(Forbidden, "HTTP 403: no")}
    (found,) = await examine(clerk, NOON)
    assert found.grade is Grade.FAILED
    assert found.what.startswith("the pipelines are listed, but their runs cannot be")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=13, hours=1), "expires in 13 days, on 2024-05-14"),
        (timedelta(days=1, hours=1), "expires in 1 day, on 2024-05-02"),
        (timedelta(hours=1), "expires within a day, on 2024-05-01"),
        (timedelta(0), "expired, on 2024-05-01"),
        (timedelta(days=-3), "expired, on 2024-04-28"),
    ],
)
async def test_a_credential_that_ends_soon_is_a_warning_of_its_own(
    left: timedelta, said: str
) -> None:
    seen, ends = await examine(Clerk("api", expires_at=NOON + left), NOON)
    assert seen.grade is Grade.OK
    assert (ends.grade, ends.what) == (Grade.WARNING, f"the credential {said}")
    assert ends.name == seen.name


async def test_a_credential_that_lasts_a_fortnight_is_not_worth_a_word() -> None:
    end = NOON + timedelta(days=14)
    (found,) = await examine(Clerk("api", expires_at=end), NOON)
    assert found.grade is Grade.OK
