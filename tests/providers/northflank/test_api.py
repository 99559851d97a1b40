"""What is asked of Northflank, how often, and what its answers do to us."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from providers import northflank
from providers.contract import Filter, RunQuery
from providers.errors import BadAnswer, Forbidden, NotFound, RateLimited, Refused
from providers.model import PipelineRef, RunRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, Script, ScriptedCloud, network

if TYPE_CHECKING:
    import httpx

    from providers.contract import Provider

FLOW = PipelineRef("main", "shop/pipelines/release/production")
SERVICE = PipelineRef("main", "shop/services/web")
RUNS = "GET /v1/projects/shop/pipelines/release/release-flows/production/runs"
NOW = datetime(2026, 5, 2, 9, tzinfo=UTC)
TOKEN = "nf-EXAMPLE-token"


def opened(
    script: Script, clock: FakeClock | None = None, **settings: Any
) -> tuple[Provider, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    wanted = northflank.KIND.settings.model_validate({"token": TOKEN, **settings})
    return northflank.KIND.connect("main", wanted, network(cloud, clock)), cloud


def answer(
    *, cursor: str | None = None, more: bool | None = None, **data: Any
) -> bytes:
    has_next = cursor is not None if more is None else more
    pagination: dict[str, Any] = {"hasNextPage": has_next, "count": 1.0}
    if cursor is not None:
        pagination["cursor"] = cursor
    return json.dumps({"data": data, "pagination": pagination}).encode()


def run(number: int, status: str = "success", **more: Any) -> dict[str, Any]:
    """Return the run of hour `number`."""
    at = NOW + timedelta(hours=number)
    created = f"{at:%Y-%m-%d %H:%M:%S}.000Z"
    return {"id": str(number), "status": status, "createdAt": created, **more}


def ids(found: Any) -> list[str]:
    return [one.ref.id for one in found.items]


# --- paths --------------------------------------------------------------------------


async def test_an_organisations_token_asks_below_its_team() -> None:
    """Pitfall 1: the list of builds is `/build`, in the singular."""
    provider, cloud = opened({"*": answer(builds=[])}, team="acme")

    await provider.list_runs(RunQuery(pipeline=SERVICE))

    path = urlsplit(cloud.asked[0].removeprefix("GET ")).path
    assert path == "/v1/teams/acme/projects/shop/services/web/build"


async def test_an_organisations_token_without_a_team_gets_a_hint() -> None:
    said = {"id": "t", "entityId": "acme", "entityType": "org"}
    provider, _ = opened({"*": json.dumps({"data": said}).encode()})

    found = await provider.check()

    assert found.name == "t"
    assert found.detail is not None
    assert "`team`" in found.detail


async def test_the_token_is_asked_for_below_no_team() -> None:
    provider, cloud = opened({"*": b'{"data":{}}'}, team="acme")

    found = await provider.check()

    assert cloud.asked == ["GET /v1/auth"]
    assert cloud.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert found.detail is None


@pytest.mark.parametrize("ident", ["shop", "shop/addons/db", "shop/pipelines/release"])
async def test_an_id_that_is_none_costs_no_call(ident: str) -> None:
    provider, cloud = opened({})
    ref = PipelineRef("main", ident)

    for asking in (
        provider.list_runs(RunQuery(pipeline=ref)),
        provider.get_run(RunRef(ref, "1")),
        provider.read_log(RunRef(ref, "1"), "job-runs/shop/migrate/1"),
        provider.read_log(RunRef(SERVICE, "1"), ident),
    ):
        with pytest.raises(NotFound, match="no such thing"):
            await asking
    looks = await provider.latest_runs([ref])

    assert isinstance(looks[ref], NotFound)
    assert cloud.asked == []


async def test_links_need_the_teams_name_in_the_console() -> None:
    script = {"*": answer(builds=[{"id": "b-1", "status": "SUCCESS"}])}
    bare, _ = opened(script)
    linked, _ = opened(script, web_team="acme")

    [first] = (await bare.list_runs(RunQuery(pipeline=SERVICE))).items
    [second] = (await linked.list_runs(RunQuery(pipeline=SERVICE))).items

    assert first.url is None
    assert second.url == "https://app.northflank.com/t/acme/project/shop/services/web"


# --- paging and order ---------------------------------------------------------------


async def test_pages_are_followed_by_cursor_with_the_same_filter() -> None:
    """The vendor wants `per_page` and the filters unchanged from page to page."""
    pages = [
        answer(runs=[run(3, "failure")], cursor="a/b="),
        answer(runs=[run(2, "failure")]),
    ]
    provider, cloud = opened({RUNS: pages})

    page = await provider.list_runs(
        RunQuery(pipeline=FLOW, states=frozenset({State.FAILED}))
    )

    assert ids(page) == ["3", "2"]
    assert page.next is None
    assert page.filtered_here == frozenset()
    queries = [parse_qs(urlsplit(asked).query) for asked in cloud.asked]
    assert queries == [
        {"status": ["failure"], "per_page": ["100"]},
        {"status": ["failure"], "per_page": ["100"], "cursor": ["a/b="]},
    ]


@pytest.mark.parametrize(
    "last",
    [
        answer(runs=[run(1)], more=False, cursor="left-over"),
        answer(runs=[run(1)], more=True),
        json.dumps({"data": {"runs": [run(1)]}}).encode(),
    ],
    ids=["a cursor but no next page", "a next page but no cursor", "no pagination"],
)
async def test_the_end_is_where_next_page_or_cursor_is_missing(last: bytes) -> None:
    provider, cloud = opened({RUNS: last})

    page = await provider.list_runs(RunQuery(pipeline=FLOW))

    assert ids(page) == ["1"]
    assert page.next is None
    assert len(cloud.asked) == 1


async def test_a_cursor_that_comes_again_ends_the_list() -> None:
    """Pitfall 6: `count` is a float and counts one page only; it is not believed."""
    pages = [
        answer(runs=[run(3)], cursor="c"),
        answer(runs=[run(2)], cursor="c"),
    ]
    provider, cloud = opened({RUNS: pages})

    page = await provider.list_runs(RunQuery(pipeline=FLOW))

    assert ids(page) == ["3", "2"]
    assert len(cloud.asked) == 2


async def test_a_page_of_ours_goes_on_where_the_last_one_stopped() -> None:
    pages = {
        f"{RUNS}?per_page=100": answer(runs=[run(n) for n in (5, 4, 3)], cursor="c"),
        f"{RUNS}?per_page=100&cursor=c": answer(runs=[run(2), run(1)]),
    }
    provider, _ = opened(pages)
    seen: list[list[str]] = []
    cursor = None

    for _ in range(3):
        page = await provider.list_runs(RunQuery(pipeline=FLOW, limit=2, cursor=cursor))
        seen.append(ids(page))
        cursor = page.next

    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    assert cursor is None


async def test_runs_are_newest_first_whatever_order_they_come_in() -> None:
    """The order of the vendor's lists is undocumented."""
    provider, _ = opened({RUNS: answer(runs=[run(1), run(3), run(2)])})

    page = await provider.list_runs(RunQuery(pipeline=FLOW, limit=2))

    assert ids(page) == ["3", "2"]


async def test_what_the_vendors_filter_lets_through_is_sifted_again() -> None:
    """`concluded=false` is coarser than one state, and old servers ignore it."""
    runs = [run(3, "running"), run(2, "queued"), run(1, "success")]
    provider, cloud = opened({RUNS: answer(runs=runs)})

    page = await provider.list_runs(
        RunQuery(pipeline=FLOW, states=frozenset({State.QUEUED}), branch="main")
    )

    assert page.items == ()
    assert page.filtered_here == {Filter.BRANCH}
    assert "concluded=false" in cloud.asked[0]


async def test_builds_are_sifted_here() -> None:
    builds = [{"id": "b-1", "status": "FAILURE"}, {"id": "b-2", "status": "SUCCESS"}]
    provider, cloud = opened({"*": answer(builds=builds)})

    page = await provider.list_runs(
        RunQuery(pipeline=SERVICE, states=frozenset({State.FAILED}))
    )

    assert ids(page) == ["b-1"]
    assert page.filtered_here == {Filter.STATE}
    assert "status" not in cloud.asked[0]


async def test_reading_stops_a_day_before_what_is_asked_for() -> None:
    """A run may start long after it appeared, so the day before is read as well."""
    pages = [
        answer(runs=[run(60), run(37)], cursor="a"),
        answer(runs=[run(36), run(35)], cursor="b"),
        answer(runs=[run(1)], cursor="c"),
    ]
    provider, cloud = opened({RUNS: pages})

    page = await provider.list_runs(
        RunQuery(pipeline=FLOW, since=NOW + timedelta(hours=60))
    )

    assert ids(page) == ["60"]
    assert len(cloud.asked) == 2


async def test_a_page_in_no_order_does_not_end_a_search_in_time() -> None:
    pages = [
        answer(runs=[run(1), run(2)], cursor="a"),
        answer(runs=[run(60)]),
    ]
    provider, _ = opened({RUNS: pages})

    page = await provider.list_runs(
        RunQuery(pipeline=FLOW, since=NOW + timedelta(hours=59))
    )

    assert ids(page) == ["60"]


# --- latest runs --------------------------------------------------------------------


async def test_the_latest_run_costs_one_call_where_the_page_is_in_order() -> None:
    provider, cloud = opened({RUNS: answer(runs=[run(3), run(2)], cursor="c")})

    looks = await provider.latest_runs([FLOW, FLOW])

    assert looks[FLOW].ref.id == "3"  # type: ignore[union-attr]
    assert len(cloud.asked) == 1


async def test_the_latest_run_is_searched_for_where_it_is_not() -> None:
    pages = [
        answer(runs=[run(1), run(2)], cursor="c"),
        answer(runs=[run(3), run(4)]),
    ]
    provider, cloud = opened({RUNS: pages})

    looks = await provider.latest_runs([FLOW])

    assert looks[FLOW].ref.id == "4"  # type: ignore[union-attr]
    assert len(cloud.asked) == 2


async def test_a_search_without_end_is_no_answer() -> None:
    count = iter(range(10**6))

    def page(_: httpx.Request) -> bytes:
        at = next(count)
        return answer(runs=[run(2 * at), run(2 * at + 1)], cursor=f"c{at}")

    provider, cloud = opened({RUNS: page})

    looks = await provider.latest_runs([FLOW])

    assert isinstance(looks[FLOW], BadAnswer)
    assert len(cloud.asked) == 20


async def test_runs_that_cannot_be_read_are_not_no_runs() -> None:
    """Pitfall 8: the vendor's own client checks nothing of what it gets."""
    provider, _ = opened({RUNS: answer(runs=["?", 7])})

    looks = await provider.latest_runs([FLOW])

    assert isinstance(looks[FLOW], BadAnswer)


async def test_a_pipeline_that_never_ran_has_no_latest_run() -> None:
    """Pitfall 7: `data.runs` may be left out."""
    provider, _ = opened({RUNS: answer()})

    assert await provider.latest_runs([FLOW]) == {FLOW: None}


async def test_one_pipeline_that_is_gone_hides_no_other() -> None:
    builds = answer(builds=[{"id": "b-1", "status": "SUCCESS"}])
    gone = Reply(b'{"error":{"status":404,"message":"Not found"}}', 404)
    provider, _ = opened(
        {RUNS: gone, "GET /v1/projects/shop/services/web/build": builds}
    )

    looks = await provider.latest_runs([FLOW, SERVICE])

    assert isinstance(looks[FLOW], NotFound)
    assert looks[SERVICE].state is State.SUCCEEDED  # type: ignore[union-attr]


# --- pipelines ----------------------------------------------------------------------

PROJECT = "GET /v1/projects/shop"
ANY_PIPELINE = {"id": "release", "name": "Release"}
GONE = Reply(b'{"error":{"status":404,"message":"Not found"}}', 404)


async def test_configured_projects_are_not_looked_for() -> None:
    provider, cloud = opened(
        {f"{PROJECT}/jobs": answer(jobs=[{"id": "migrate"}])},
        projects=["shop"],
        include=["job-runs", "job-builds"],
    )

    page = await provider.list_pipelines()

    assert [(p.ref.id, p.name, p.group) for p in page.items] == [
        ("shop/jobs/migrate", "migrate (job)", "shop"),
        ("shop/jobs/migrate/builds", "migrate (job build)", "shop"),
    ]
    assert len(cloud.asked) == 1


async def test_a_project_that_may_not_be_read_hides_no_other() -> None:
    for status in (403, 404):
        provider, _ = opened(
            {
                f"{PROJECT}/services": Reply(b"", status),
                "GET /v1/projects/blog/services": answer(services=[{"id": "site"}]),
            },
            projects=["shop", "blog"],
            include=["service-builds"],
        )

        page = await provider.list_pipelines()

        assert [p.ref.id for p in page.items] == ["blog/services/site"]
        assert page.left_out == 1


async def test_where_no_project_may_be_read_it_says_so() -> None:
    provider, _ = opened(
        {f"{PROJECT}/services": Reply(b"", 403)},
        projects=["shop"],
        include=["service-builds"],
    )

    with pytest.raises(Forbidden):
        await provider.list_pipelines()


async def test_projects_are_read_page_by_page() -> None:
    provider, _ = opened(
        {
            "GET /v1/projects": [
                answer(projects=[{"id": "shop", "name": "Shop"}, 7], cursor="c"),
                answer(projects=[{"id": "blog", "name": "Blog"}]),
            ],
            f"{PROJECT}/services": answer(services=[{"id": "web"}]),
            "GET /v1/projects/blog/services": answer(services=[{"id": "site"}]),
        },
        include=["service-builds"],
    )

    page = await provider.list_pipelines()

    assert [(p.ref.id, p.group) for p in page.items] == [
        ("shop/services/web", "Shop"),
        ("blog/services/site", "Blog"),
    ]
    assert page.left_out == 1
    assert page.next is None


async def test_no_more_projects_are_read_than_the_limit_needs() -> None:
    listed = answer(services=[{"id": "a"}, {"id": "b"}])
    provider, cloud = opened(
        {"*": listed}, projects=["one", "two", "three"], include=["service-builds"]
    )

    page = await provider.list_pipelines(limit=2)
    more = await provider.list_pipelines(limit=3)

    assert [p.ref.id for p in page.items] == ["one/services/a", "one/services/b"]
    assert page.next is not None
    assert len(more.items) == 3
    assert len(cloud.asked) == 4


async def test_each_stage_is_asked_once_and_404_says_that_it_has_no_flow() -> None:
    flows = f"{PROJECT}/pipelines/release/release-flows"
    provider, cloud = opened(
        {
            f"{PROJECT}/pipelines": answer(pipelines=[ANY_PIPELINE]),
            f"{flows}/Development/runs": GONE,
            f"{flows}/Production/runs": answer(runs=[run(2), run(1)], cursor="c"),
        },
        projects=["shop"],
        include=["release-flows"],
        stages=["Development", "Production"],
    )

    [pipeline] = (await provider.list_pipelines()).items

    assert pipeline.name == "Release (Production)"
    assert pipeline.latest is not None
    assert pipeline.latest.ref.id == "2"
    assert len(cloud.asked) == 3


async def test_a_latest_run_that_may_not_be_the_latest_is_left_out() -> None:
    flows = f"{PROJECT}/pipelines/release/release-flows"
    provider, _ = opened(
        {
            f"{PROJECT}/pipelines": answer(pipelines=[ANY_PIPELINE]),
            f"{flows}/production/runs": answer(runs=[run(1), run(2)], cursor="c"),
        },
        projects=["shop"],
        include=["release-flows"],
        stages=["production"],
    )

    [pipeline] = (await provider.list_pipelines()).items

    assert pipeline.latest is None


async def test_a_search_that_no_stage_matches_asks_no_stage() -> None:
    provider, cloud = opened(
        {f"{PROJECT}/pipelines": answer(pipelines=[ANY_PIPELINE])},
        projects=["shop"],
        include=["release-flows"],
    )

    page = await provider.list_pipelines("something else")

    assert page.items == ()
    assert len(cloud.asked) == 1


async def test_what_may_not_be_read_is_said_with_what_to_do() -> None:
    denied = Reply(b'{"error":{"status":403,"message":"No permission"}}', 403)
    provider, _ = opened(
        {
            f"{PROJECT}/services": denied,
            f"{PROJECT}/jobs": answer(jobs=[{"id": "migrate"}]),
        },
        projects=["shop"],
        include=["service-builds", "job-runs"],
    )

    with pytest.raises(Forbidden, match="No permission") as caught:
        await provider.list_pipelines()

    assert "`include`" in caught.value.advice


async def test_a_tree_without_bottom_is_an_error_and_no_crash() -> None:
    deep = 5000
    tree = '{"kind":"Workflow","spec":{"steps":[' * deep + "]}}" * deep
    said = f'{{"data":{{"id":"1","status":"success","spec":{tree}}}}}'
    provider, _ = opened({"*": said.encode()})

    with pytest.raises(BadAnswer):
        await provider.get_run(RunRef(FLOW, "1"))


# --- logs ---------------------------------------------------------------------------


async def test_a_log_never_shows_our_own_token() -> None:
    said = json.dumps({"data": [{"log": f"stdout F TOKEN={TOKEN}"}]}).encode()
    provider, _ = opened({"*": said})

    tail = await provider.read_log(
        RunRef(SERVICE, "b-1"), "service-builds/shop/web/b-1"
    )

    assert tail.text == "TOKEN=•••"


@pytest.mark.parametrize(("lines", "text"), [(2, "b\nc"), (1, "c"), (0, "")])
async def test_no_more_lines_are_shown_than_asked_for(lines: int, text: str) -> None:
    backward = [{"log": f"stdout F {word}"} for word in "cba"]
    provider, _ = opened({"*": json.dumps({"data": backward}).encode()})

    tail = await provider.read_log(
        RunRef(SERVICE, "b-1"), "service-builds/shop/web/b-1", lines=lines
    )

    assert (tail.text, tail.cut) == (text, True)


async def test_an_empty_log_is_empty() -> None:
    provider, _ = opened({"*": b'{"data":{}}'})

    tail = await provider.read_log(
        RunRef(SERVICE, "b-1"), "service-builds/shop/web/b-1"
    )

    assert tail.text == ""
    assert not tail.cut


# --- what goes wrong, and the budget ------------------------------------------------


async def test_an_error_carries_its_id_and_its_details() -> None:
    said = {
        "status": 400,
        "message": "Validation failed",
        "id": "0b1c",
        "details": {"stage": "unknown"},
    }
    provider, _ = opened({"*": Reply(json.dumps({"error": said}).encode(), 400)})

    with pytest.raises(Refused) as caught:
        await provider.list_runs(RunQuery(pipeline=FLOW))

    assert caught.value.request_id == "0b1c"
    assert 'Validation failed: {"stage": "unknown"}' in caught.value.detail


async def test_details_may_be_text() -> None:
    said = {"message": "Conflict", "details": "a build is under way"}
    provider, _ = opened({"*": Reply(json.dumps({"error": said}).encode(), 409)})

    with pytest.raises(Refused, match="Conflict: a build is under way"):
        await provider.check()


async def test_the_1001st_request_of_an_hour_is_refused_and_does_not_wait() -> None:
    clock = FakeClock()
    provider, cloud = opened({RUNS: answer(runs=[])}, clock)
    for _ in range(1000):
        await provider.list_runs(RunQuery(pipeline=FLOW))
    clock.move(timedelta(minutes=20))

    with pytest.raises(RateLimited) as caught:
        await provider.list_runs(RunQuery(pipeline=FLOW))

    assert caught.value.retry_after == timedelta(minutes=40)
    assert clock.slept == []
    assert len(cloud.asked) == 1000


async def test_what_the_vendor_says_is_left_corrects_our_own_count() -> None:
    clock = FakeClock()
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "90"}
    provider, cloud = opened({RUNS: Reply(answer(runs=[]), 200, headers)}, clock)
    await provider.list_runs(RunQuery(pipeline=FLOW))

    with pytest.raises(RateLimited) as caught:
        await provider.list_runs(RunQuery(pipeline=FLOW))

    assert caught.value.retry_after == timedelta(seconds=90)
    clock.move(timedelta(seconds=90))
    await provider.list_runs(RunQuery(pipeline=FLOW))
    assert len(cloud.asked) == 2


async def test_a_429_is_waited_out_as_long_as_its_header_says() -> None:
    clock = FakeClock()
    full = Reply(b"", 429, {"x-ratelimit-reset": "8"})
    provider, _ = opened({RUNS: [full, answer(runs=[run(1)])]}, clock)

    page = await provider.list_runs(RunQuery(pipeline=FLOW))

    assert ids(page) == ["1"]
    assert clock.slept == [timedelta(seconds=8)]


async def test_a_429_that_lasts_longer_is_left_to_who_asked() -> None:
    clock = FakeClock()
    full = Reply(b"", 429, {"x-ratelimit-reset": "1800"})
    provider, cloud = opened({RUNS: full}, clock)

    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await provider.list_runs(RunQuery(pipeline=FLOW))
        assert caught.value.retry_after == timedelta(minutes=30)

    assert clock.slept == []
    assert len(cloud.asked) == 1
