"""NSML: which calls answer which question, page by page."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError

from providers import nsml
from providers.contract import Filter, RunQuery
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.model import PipelineRef, Run, RunRef, State
from providers.nsml.settings import NsmlSettings
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, ScriptedCloud, network

if TYPE_CHECKING:
    from providers.contract import Provider
    from tests.fakes.cloud import Answering, Script

Entry = dict[str, Any]

ONE = PipelineRef("main", "2mdnduoena36ekcv4v7")
TWO = PipelineRef("main", "2x6ijrgeyq6s3ojy9ur")
IDLE = PipelineRef("main", "neverranneverran000")
RUNS = "GET /nsml/v1/projects/runs"
SETTINGS = {"access_key": "testAccessKey", "secret_key": "testSecretKey"}
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PRINTED = Path(__file__).parent / "payloads" / "runs_as_printed.txt"


def open_nsml(script: Script, **changes: object) -> tuple[Provider, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    settings = NsmlSettings.model_validate(
        {**SETTINGS, "api_key": "testApiKey", "timezone": "UTC", **changes}
    )
    return nsml.KIND.connect("main", settings, network(cloud, FakeClock())), cloud


def entry(number: int, project: PipelineRef = ONE, **fields: object) -> Entry:
    """Return a run that was created `number` minutes after noon."""
    created = (NOON + timedelta(minutes=number)).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "runName": str(number),
        "projectId": project.id,
        "projectName": "vision",
        "status": "RUN_STATE_COMPLETED",
        "creator": "kim",
        "createTime": created,
        "updateTime": created,
        **fields,
    }


def newest_first(count: int) -> list[Entry]:
    """Return so many runs; every tenth is of the second project."""
    return [
        entry(number, TWO if number % 10 == 0 else ONE)
        for number in range(count, 0, -1)
    ]


def paged(
    entries: list[Entry], *, most: int = 10_000, has_total: bool = True
) -> Callable[[httpx.Request], bytes]:
    """Answer as a server that gives the page asked for, `most` entries at the most."""

    def answer(request: httpx.Request) -> bytes:
        page = int(request.url.params["page"])
        size = min(int(request.url.params["pageSize"]), most)
        body: Entry = {"runList": entries[(page - 1) * size : page * size]}
        if has_total:
            body["totalCount"] = len(entries)
        return json.dumps(body).encode()

    return answer


def listing(entries: list[Entry], **how: Any) -> Script:
    project = json.dumps({"projectId": ONE.id}).encode()
    return {RUNS: paged(entries, **how), f"GET /nsml/v1/projects/{ONE.id}": project}


def numbers(runs: tuple[Run, ...]) -> list[int | None]:
    return [run.number for run in runs]


def number_of(look: object) -> int | None:
    assert isinstance(look, Run)
    return look.number


async def read_all(provider: Provider, query: RunQuery) -> list[int | None]:
    """Return the numbers of all runs, page of ours by page of ours."""
    found: list[int | None] = []
    for _ in range(100):
        page = await provider.list_runs(query)
        found += numbers(page.items)
        if page.next is None:
            return found
        query = replace(query, cursor=page.next)
    pytest.fail("the pages never end")


# --- the listing -------------------------------------------------------------------


async def test_page_and_page_size_are_spelled_as_in_the_table() -> None:
    """Pitfall 3: an example of another page says `pagesize`, and page 0."""
    provider, cloud = open_nsml(listing(newest_first(3)), page_size=2)

    await read_all(provider, RunQuery(pipeline=ONE))

    assert cloud.asked == [
        f"{RUNS}?page=1&pageSize=2",
        f"{RUNS}?page=2&pageSize=2",
    ]


async def test_the_answer_as_the_documentation_prints_it_is_no_json() -> None:
    """Pitfall 1: a bracket is missing in print; no lenient parser makes up for it."""
    provider, _ = open_nsml({RUNS: PRINTED.read_bytes()})

    with pytest.raises(BadAnswer):
        await provider.list_runs(RunQuery(pipeline=ONE))


@pytest.mark.parametrize(
    "body",
    [
        b'{"runList": [], "totalCount": 0}',
        b'{"runList": null, "totalCount": 0}',
        b'{"totalCount": 0}',
        b'{"runList": []}',
        b'{"runList": null, "totalCount": ""}',
        b"{}",
    ],
)
async def test_an_account_without_runs_has_none_however_it_says_so(body: bytes) -> None:
    """Pitfall 9: empty, null or missing."""
    project = json.dumps({"projectId": ONE.id}).encode()
    script: Script = {RUNS: body, f"GET /nsml/v1/projects/{ONE.id}": project}
    provider, cloud = open_nsml(script)

    page = await provider.list_runs(RunQuery(pipeline=ONE))

    assert (page.items, page.next) == ((), None)
    assert len(cloud.requests) == 2
    assert await provider.latest_runs([ONE]) == {ONE: None}


async def test_an_answer_that_is_no_list_is_not_taken_for_an_empty_account() -> None:
    provider, _ = open_nsml({"*": b'{"message": "come back tomorrow"}'})

    for ask in (provider.list_runs(RunQuery(pipeline=ONE)), provider.list_pipelines()):
        with pytest.raises(BadAnswer):
            await ask


async def test_runs_of_a_project_that_is_not_there_are_not_found() -> None:
    script: Script = {
        RUNS: b"{}",
        f"GET /nsml/v1/projects/{ONE.id}": Reply(b"", 404),
    }
    provider, _ = open_nsml(script)

    with pytest.raises(NotFound):
        await provider.list_runs(RunQuery(pipeline=ONE))


async def test_a_project_whose_runs_are_all_sifted_away_is_not_asked_for() -> None:
    provider, cloud = open_nsml(listing(newest_first(3)))
    query = RunQuery(pipeline=ONE, states=frozenset({State.FAILED}))

    page = await provider.list_runs(query)

    assert page.items == ()
    assert page.filtered_here == {Filter.STATE}
    assert len(cloud.requests) == 1


@pytest.mark.parametrize("has_total", [True, False])
async def test_a_long_listing_is_read_page_by_page(*, has_total: bool) -> None:
    entries = newest_first(1000)
    provider, cloud = open_nsml(listing(entries, has_total=has_total))

    found = await read_all(provider, RunQuery(pipeline=ONE, limit=64))

    expected = [int(e["runName"]) for e in entries if e["projectId"] == ONE.id]
    assert found == expected
    assert len(cloud.requests) < 40


async def test_no_more_of_the_vendors_pages_are_read_than_one_of_ours_needs() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)))

    page = await provider.list_runs(RunQuery(pipeline=ONE, limit=20))

    assert len(page.items) == 20
    assert page.next is not None
    assert len(cloud.requests) == 1


async def test_a_server_that_gives_less_than_it_is_asked_for_costs_no_run() -> None:
    """No largest pageSize is documented: a silent one must not end the reading."""
    provider, _ = open_nsml(listing(newest_first(200), most=30))

    found = await read_all(provider, RunQuery(pipeline=TWO))

    assert found == list(range(200, 0, -10))


async def test_a_server_that_ignores_the_page_ends_the_reading() -> None:
    body = json.dumps({"runList": newest_first(100), "totalCount": 5000}).encode()
    provider, cloud = open_nsml({RUNS: body})

    found = await read_all(provider, RunQuery(pipeline=TWO))

    assert found == list(range(100, 0, -10))
    assert len(cloud.requests) == 2


async def test_a_listing_that_is_oldest_first_is_turned_round() -> None:
    """The order is documented nowhere."""
    entries = newest_first(250)[::-1]
    provider, cloud = open_nsml(listing(entries))

    first = await provider.list_runs(RunQuery(pipeline=TWO, limit=3))

    assert numbers(first.items) == [250, 240, 230]
    assert len(cloud.requests) == 3
    found = await read_all(provider, RunQuery(pipeline=TWO, limit=3))
    assert found == list(range(250, 0, -10))


async def test_a_rare_project_is_looked_for_ten_pages_at_a_time() -> None:
    entries = [*newest_first(1100), entry(0, IDLE)]
    provider, cloud = open_nsml(listing(entries))

    first = await provider.list_runs(RunQuery(pipeline=IDLE))

    assert (first.items, len(cloud.requests)) == ((), 10)
    assert first.next is not None
    assert await read_all(provider, RunQuery(pipeline=IDLE)) == [0]


async def test_runs_that_appear_between_two_pages_move_nothing() -> None:
    entries = newest_first(50)
    provider, _ = open_nsml(listing(entries), page_size=10)
    query = RunQuery(pipeline=TWO, limit=2)
    first = await provider.list_runs(query)

    entries[:0] = [entry(60, TWO), entry(55, TWO)]
    second = await provider.list_runs(replace(query, cursor=first.next))

    assert numbers(first.items) == [50, 40]
    assert numbers(second.items) == [30, 20]


async def test_reading_stops_at_the_time_asked_for() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)))
    since = NOON + timedelta(minutes=895)

    page = await provider.list_runs(RunQuery(pipeline=TWO, since=since))

    assert numbers(page.items) == list(range(1000, 890, -10))
    assert page.next is None
    assert len(cloud.requests) == 2


@pytest.mark.parametrize("cursor", ["x", "2~3", "1+1~never~1~1"])
async def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    provider, cloud = open_nsml({})

    with pytest.raises(Refused):
        await provider.list_runs(RunQuery(pipeline=ONE, cursor=cursor))

    assert cloud.requests == []


async def test_an_entry_that_cannot_be_read_costs_only_itself() -> None:
    entries = [entry(3), {"runName": None}, entry(1)]
    provider, _ = open_nsml(listing(entries))

    page = await provider.list_runs(RunQuery(pipeline=ONE))

    assert (numbers(page.items), page.left_out) == ([3, 1], 1)


# --- the latest run of each project ------------------------------------------------


async def test_the_latest_runs_of_all_projects_take_one_call() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)))

    looks = await provider.latest_runs([ONE, TWO])

    assert {ref: number_of(look) for ref, look in looks.items()} == {
        ONE: 999,
        TWO: 1000,
    }
    assert len(cloud.requests) == 1


async def test_of_two_runs_of_one_second_the_higher_number_is_the_latest() -> None:
    """Pitfall 4 once more: as text, "9" is higher than "10"."""
    same = "2024-05-01 12:00:00"
    entries = [entry(9, createTime=same), entry(10, createTime=same)]
    provider, _ = open_nsml(listing(entries))

    looks = await provider.latest_runs([ONE])

    assert number_of(looks[ONE]) == 10


async def test_an_unordered_listing_is_read_to_its_end() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)[::-1]))

    looks = await provider.latest_runs([ONE, TWO])

    assert number_of(looks[ONE]) == 999
    assert len(cloud.requests) == 10


async def test_one_page_in_order_proves_nothing_after_one_that_was_not() -> None:
    entries = newest_first(300)
    first, second, third = entries[200:][::-1], entries[100:200], entries[:100]
    provider, cloud = open_nsml(listing([*first, *second, *third]))

    looks = await provider.latest_runs([ONE, TWO])

    assert number_of(looks[TWO]) == 300
    assert len(cloud.requests) == 3


async def test_pages_each_in_order_but_not_one_after_the_other_prove_nothing() -> None:
    entries = newest_first(300)
    late = entry(400, IDLE)
    provider, _ = open_nsml(listing([*entries[100:200], *entries[:100], late]))

    looks = await provider.latest_runs([ONE, IDLE])

    assert number_of(looks[ONE]) == 299
    assert number_of(looks[IDLE]) == 400


async def test_runs_without_times_are_read_to_the_end() -> None:
    """Pitfall 2: where only the table is true, there are no times to sort by."""
    entries = [entry(n, createTime=None, updateTime=None) for n in range(1, 151)]
    provider, cloud = open_nsml(listing(entries))

    looks = await provider.latest_runs([ONE])

    assert number_of(looks[ONE]) == 150
    assert len(cloud.requests) == 2


async def test_a_project_that_never_ran_has_no_latest_run() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)))

    looks = await provider.latest_runs([IDLE, ONE])

    assert looks[IDLE] is None
    assert number_of(looks[ONE]) == 999
    assert len(cloud.requests) == 10


async def test_a_run_nobody_can_read_may_be_of_a_project_that_seems_never_to_run() -> (
    None
):
    provider, _ = open_nsml(listing([entry(3), {"runName": None}]))

    looks = await provider.latest_runs([IDLE, ONE])

    assert number_of(looks[ONE]) == 3
    assert isinstance(looks[IDLE], BadAnswer)


def endless(*, newest_first: bool) -> Answering:
    """Answer with pages of new runs for ever."""

    def answer(request: httpx.Request) -> bytes:
        page, size = (int(request.url.params[k]) for k in ("page", "pageSize"))
        places = range((page - 1) * size, page * size)
        made = [entry(10**6 - n if newest_first else n) for n in places]
        return json.dumps({"runList": made, "totalCount": 10**6}).encode()

    return answer


async def test_a_project_not_among_what_was_read_is_not_found() -> None:
    provider, cloud = open_nsml({RUNS: endless(newest_first=True)})

    looks = await provider.latest_runs([ONE, IDLE])

    assert number_of(looks[ONE]) == 10**6
    missing = looks[IDLE]
    assert isinstance(missing, NotFound)
    assert "5000" in missing.detail
    assert len(cloud.requests) == 50


async def test_an_unordered_listing_too_long_to_read_is_no_ground_to_guess() -> None:
    provider, cloud = open_nsml({RUNS: endless(newest_first=False)})

    for ask in (
        provider.latest_runs([ONE]),
        provider.list_runs(RunQuery(pipeline=ONE)),
    ):
        cloud.requests.clear()
        with pytest.raises(BadAnswer) as caught:
            await ask
        assert "page_size" in caught.value.advice
        assert len(cloud.requests) == 50


# --- the word `runs` ---------------------------------------------------------------


async def test_a_project_called_runs_is_refused_before_anything_is_asked() -> None:
    """`/projects/runs` is the listing; it must never be asked for as a project."""
    provider, cloud = open_nsml({"*": b"{}"})
    clash = PipelineRef("main", "runs")

    for ask in (
        provider.list_runs(RunQuery(pipeline=clash)),
        provider.get_run(RunRef(clash, "1")),
    ):
        with pytest.raises(Refused):
            await ask

    assert cloud.requests == []


async def test_a_project_called_runs_spoils_no_other_latest_run() -> None:
    provider, cloud = open_nsml(listing(newest_first(1000)))
    clash = PipelineRef("main", "runs")

    looks = await provider.latest_runs([clash, ONE])

    assert isinstance(looks[clash], Refused)
    assert number_of(looks[ONE]) == 999
    assert len(cloud.requests) == 1


async def test_nothing_is_asked_where_no_project_is_asked_for() -> None:
    provider, cloud = open_nsml({})

    assert await provider.latest_runs([]) == {}
    [look] = (await provider.latest_runs([PipelineRef("main", "runs")])).values()

    assert isinstance(look, Refused)
    assert cloud.requests == []


# --- one run, all projects ---------------------------------------------------------


async def test_a_run_takes_its_times_from_the_listing() -> None:
    script = {
        **listing(newest_first(250)),
        f"GET /nsml/v1/projects/{ONE.id}/runs/7": b'{"runName":"7","note":"baseline"}',
    }
    provider, cloud = open_nsml(script)

    run = await provider.get_run(RunRef(ONE, "7"))

    assert (run.title, run.created_at) == ("baseline", NOON + timedelta(minutes=7))
    assert len(cloud.requests) == 4


async def test_a_run_that_the_listing_has_not_is_shown_without_times() -> None:
    script = {
        **listing(newest_first(5)),
        f"GET /nsml/v1/projects/{ONE.id}/runs/77": (
            b'{"runName":77,"status":"RUN_STATE_IN_PROGRESS"}'
        ),
    }
    provider, _ = open_nsml(script)

    run = await provider.get_run(RunRef(ONE, "77"))

    assert (run.ref, run.number) == (RunRef(ONE, "77"), 77)
    assert (run.state, run.created_at) == (State.RUNNING, None)


async def test_an_empty_detail_is_no_run() -> None:
    provider, _ = open_nsml({"*": b"{}"})

    with pytest.raises(BadAnswer):
        await provider.get_run(RunRef(ONE, "7"))


async def test_projects_are_read_page_by_page_and_searched_by_name() -> None:
    names = [f"Vision-{n}" if n % 2 else f"speech-{n}" for n in range(250)]

    def answer(request: httpx.Request) -> bytes:
        page, size = (int(request.url.params[k]) for k in ("page", "pageSize"))
        part = names[(page - 1) * size : page * size]
        found = [{"projectId": f"id-{name}", "projectName": name} for name in part]
        return json.dumps({"projects": found, "totalCount": str(len(names))}).encode()

    provider, cloud = open_nsml({"GET /nsml/v1/projects": answer})

    page = await provider.list_pipelines("VISION")

    assert [p.name for p in page.items] == names[1::2]
    assert (page.next, page.total) == (None, 250)
    assert len(cloud.requests) == 3


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"projects": [], "totalCount": 1}', "1 project"),
        (b'{"projects": [{"projectName": "odd"}], "totalCount": 7}', "7 projects"),
        (b'{"projects": null, "totalCount": ""}', None),
    ],
)
async def test_check_says_how_many_projects_there_are(
    body: bytes, detail: str | None
) -> None:
    provider, _ = open_nsml({"*": body})

    assert (await provider.check()).detail == detail


# --- what goes wrong ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "100", Refused),
        (401, "200", Unauthorized),
        (401, 210, Forbidden),
        (404, "300", NotFound),
        (406, "1", Refused),
        (413, 430, Refused),
        (429, "400", Forbidden),
        (429, "410", RateLimited),
        (429, 420, RateLimited),
        (500, "900", Unavailable),
        (503, "500", Unavailable),
        (504, "510", Unavailable),
        (200, "210", Forbidden),
        (200, "410", RateLimited),
        (200, "777", Refused),
    ],
)
async def test_every_documented_error_has_its_kind(
    status: int, code: str | int, kind: type[ProviderError]
) -> None:
    body = {"error": {"errorCode": code, "message": "no", "details": "why"}}
    provider, _ = open_nsml({"*": Reply(json.dumps(body).encode(), status)})

    with pytest.raises(ProviderError) as caught:
        await provider.check()

    assert (type(caught.value), caught.value.code) == (kind, str(code))


async def test_a_429_for_want_of_a_subscription_is_not_asked_again() -> None:
    """Pitfall 7: it says "quota exceeded", but waiting does not help."""
    body = b'{"error":{"errorCode":"400","message":"Quota Exceeded"}}'
    provider, cloud = open_nsml({"*": Reply(body, 429)})

    with pytest.raises(Forbidden) as caught:
        await provider.check()

    assert "subscribed" in caught.value.advice
    assert len(cloud.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_denied_permission_says_what_to_grant(status: int) -> None:
    body = b'{"error":{"errorCode":210,"message":"Permission Denied"}}'
    provider, _ = open_nsml({"*": Reply(body, status)})

    with pytest.raises(Forbidden) as caught:
        await provider.check()

    assert "sub-account" in caught.value.advice


async def test_a_throttled_request_is_asked_again() -> None:
    body = b'{"error":{"errorCode":"410","message":"Throttle Limited"}}'
    turns: list[Answering] = [Reply(body, 429), b'{"totalCount": 3}']
    provider, cloud = open_nsml({"*": turns})

    assert (await provider.check()).detail == "3 projects"
    assert len(cloud.requests) == 2


async def test_the_words_error_in_a_name_is_no_error() -> None:
    odd = entry(1, projectName='about "error"', note="error")
    provider, _ = open_nsml(listing([odd]))

    assert len((await provider.list_runs(RunQuery(pipeline=ONE))).items) == 1


@pytest.mark.parametrize("size", [0, 1001])
def test_a_page_size_out_of_reason_is_refused(size: int) -> None:
    with pytest.raises(ValidationError):
        open_nsml({}, page_size=size)


def test_the_zone_is_a_setting_and_korean_by_default() -> None:
    settings = NsmlSettings.model_validate({**SETTINGS, "api_key": "testApiKey"})

    assert settings.timezone == "Asia/Seoul"


def test_the_made_up_listing_is_newest_first() -> None:
    times = [e["createTime"] for e in newest_first(1000)]

    assert all(a > b for a, b in itertools.pairwise(times))
