"""Which calls CodeArts Pipeline is asked, and what is made of odd answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from providers.codearts_pipeline import KIND
from providers.codearts_pipeline.api import CodeArtsPipelineProvider
from providers.codearts_pipeline.settings import CodeArtsPipelineSettings
from providers.contract import Filter, RunQuery
from providers.errors import BadAnswer, NotFound, ProviderError, Refused, Unavailable
from providers.model import PipelineRef, Run, RunRef, State, TriggerKind
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, Script, ScriptedCloud, network

PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"
ROOT = f"/v5/{PROJECT}/api/pipelines"
ONE = PipelineRef("main", "d19799d619424b2bb2625ec2d93ea087")
BASE = {
    "region": "cn-north-4",
    "project_id": PROJECT,
    "access_key": "example-ak",
    "secret_key": "example-sk",
}


def opened(
    script: Script, **changes: Any
) -> tuple[CodeArtsPipelineProvider, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    settings = CodeArtsPipelineSettings.model_validate({**BASE, **changes})
    provider = KIND.connect("main", settings, network(cloud, FakeClock()))
    assert isinstance(provider, CodeArtsPipelineProvider)
    return provider, cloud


def reply(data: object, status: int = 200) -> Reply:
    return Reply(json.dumps(data).encode(), status)


def entry(n: int, **values: Any) -> dict[str, Any]:
    return {"pipeline_id": ONE.id, "pipeline_run_id": f"r{n}", "run_number": n} | values


def body(request: httpx.Request) -> Any:
    return json.loads(request.content)


# --- settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("cn-north-4", "https://cloudpipeline-ext.cn-north-4.myhuaweicloud.com"),
        (
            "ap-southeast-3",
            "https://cloudpipeline-ext.ap-southeast-3.myhuaweicloud.com",
        ),
        ("tr-west-1", "https://pipeline-external.tr-west-1.myhuaweicloud.com"),
        ("la-south-2", "https://pipeline-external.la-south-2.myhuaweicloud.com"),
        ("af-north-1", "https://pipeline.af-north-1.myhuaweicloud.com"),
        ("me-east-1", "https://pipeline.me-east-1.myhuaweicloud.com"),
        ("af-south-1", "https://pipeline.af-south-1.myhuaweicloud.com"),
    ],
)
def test_each_region_has_its_own_address(region: str, address: str) -> None:
    settings = CodeArtsPipelineSettings.model_validate({**BASE, "region": region})

    assert settings.address == address


def test_an_address_that_is_set_wins() -> None:
    settings = CodeArtsPipelineSettings.model_validate(
        {**BASE, "base_url": "https://devcloud.ap-southeast-3.example.com/"}
    )

    assert settings.address == "https://devcloud.ap-southeast-3.example.com"


@pytest.mark.parametrize(
    ("changes", "console"),
    [
        ({}, "https://devcloud.cn-north-4.huaweicloud.com"),
        ({"region": "ap-southeast-3"}, None),
        (
            {"region": "ap-southeast-3", "console_url": "https://console.example.com"},
            "https://console.example.com",
        ),
    ],
    ids=str,
)
def test_the_console_is_known_in_the_mainland_and_can_be_set(
    changes: dict[str, str], console: str | None
) -> None:
    assert (
        CodeArtsPipelineSettings.model_validate({**BASE, **changes}).console == console
    )


@pytest.mark.parametrize("size", [0, 9, 101])
def test_a_page_is_never_of_a_size_known_to_be_refused(size: int) -> None:
    with pytest.raises(ValidationError):
        CodeArtsPipelineSettings.model_validate({**BASE, "page_size": size})


# --- latest runs ----------------------------------------------------------------------


async def test_latest_runs_are_told_by_id_never_by_place() -> None:
    """Bite 5: pipelines that have never run are left out of the answer."""
    refs = [PipelineRef("main", name) for name in "abc"]
    answer = [
        {"pipeline_id": "c", "pipeline_run_id": "rc", "status": "FAILED"},
        {"pipeline_id": "somebody-elses", "pipeline_run_id": "x", "status": "FAILED"},
        {"pipeline_id": "a", "pipeline_run_id": "ra", "status": "RUNNING"},
    ]
    provider, cloud = opened({f"POST {ROOT}/status": reply(answer)})

    looks = await provider.latest_runs(refs)

    assert set(looks) == set(refs)
    a, b, c = (looks[ref] for ref in refs)
    assert isinstance(a, Run)
    assert isinstance(c, Run)
    assert (a.state, b, c.state) == (State.RUNNING, None, State.FAILED)
    assert body(cloud.requests[0]) == ["a", "b", "c"]


async def test_an_entry_that_cannot_be_read_is_not_a_pipeline_that_never_ran() -> None:
    refs = [PipelineRef("main", name) for name in "ab"]
    answer = [{"pipeline_id": "a", "pipeline_run_id": "ra"}, {"pipeline_id": ["b"]}]
    provider, _ = opened({"*": reply(answer)})

    looks = await provider.latest_runs(refs)

    assert isinstance(looks[refs[0]], Run)
    assert isinstance(looks[refs[1]], BadAnswer)


async def test_a_refused_batch_is_answered_from_the_list_of_pipelines() -> None:
    run = entry(7, pipeline_id="a", status="FAILED")
    listed = [{"pipeline_id": "a", "name": "a", "latest_run": run}]
    refused = {"error_code": "DEVCP.00014004", "error_msg": "parameter invalid"}
    provider, cloud = opened(
        {
            f"POST {ROOT}/status": reply(refused),
            f"POST {ROOT}/list": reply({"total": 1, "pipelines": listed}),
        }
    )
    refs = [PipelineRef("main", name) for name in ("a", "gone")]

    looks = await provider.latest_runs(refs)

    latest = looks[refs[0]]
    assert isinstance(latest, Run)
    assert latest.state is State.FAILED
    assert isinstance(looks[refs[1]], NotFound)
    assert len(cloud.asked) == 2


async def test_many_pipelines_are_asked_for_in_batches() -> None:
    refs = [PipelineRef("main", f"p{n}") for n in range(250)]
    provider, cloud = opened({"*": b"[]"})

    looks = await provider.latest_runs([*refs, refs[0]])

    assert list(looks) == refs
    assert [len(body(r)) for r in cloud.requests] == [100, 100, 50]


async def test_the_size_of_a_batch_is_a_setting() -> None:
    provider, cloud = opened({"*": b"[]"}, batch_size=2)

    await provider.latest_runs([PipelineRef("main", f"p{n}") for n in range(3)])

    assert [len(body(r)) for r in cloud.requests] == [2, 1]


async def test_nothing_asked_for_costs_nothing() -> None:
    provider, cloud = opened({})

    assert await provider.latest_runs([]) == {}
    assert cloud.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        {"error_code": "DEVCP.00012002", "error_msg": "none"},
        {"error": {"code": "DEVCP.00012002", "message": "none"}, "status": "error"},
    ],
)
async def test_an_error_is_never_taken_for_one_empty_run(answer: object) -> None:
    """Bite 2: the vendor's own library makes a record of empty fields of it."""
    provider, _ = opened({"*": reply(answer)})

    with pytest.raises(NotFound):
        await provider.latest_runs([ONE])


async def test_an_object_in_place_of_the_list_is_a_bad_answer() -> None:
    provider, _ = opened({"*": reply({"pipeline_id": ONE.id})})

    with pytest.raises(BadAnswer):
        await provider.latest_runs([ONE])


async def test_a_busy_service_is_asked_again_since_asking_only_reads() -> None:
    busy = reply({"error_code": "DEVPIPE.00011127", "error_msg": "busy"})
    provider, cloud = opened({"*": [busy, busy, b"[]"]})

    assert await provider.latest_runs([ONE]) == {ONE: None}
    assert len(cloud.requests) == 3


# --- pipelines ------------------------------------------------------------------------


def page_of_pipelines(offset: int, count: int, total: int) -> Reply:
    names = [{"pipeline_id": f"p{offset + n}", "name": f"n{n}"} for n in range(count)]
    return reply({"offset": offset, "limit": 50, "total": total, "pipelines": names})


async def test_pipelines_are_read_page_by_page_by_record_offset() -> None:
    """Bite 3: here the offset counts records, not pages."""
    pages = [page_of_pipelines(0, 50, 70), page_of_pipelines(50, 20, 70)]
    provider, cloud = opened({f"POST {ROOT}/list": pages})

    page = await provider.list_pipelines()

    assert len(page.items) == 70
    assert page.total == 70
    assert [body(r)["offset"] for r in cloud.requests] == [0, 50]
    assert {body(r)["limit"] for r in cloud.requests} == {50}


async def test_no_more_pages_are_read_than_wanted() -> None:
    provider, cloud = opened({"*": page_of_pipelines(0, 50, 500)})

    page = await provider.list_pipelines(limit=20)

    assert len(page.items) == 20
    assert page.next is not None
    assert len(cloud.requests) == 1


async def test_a_pipeline_that_cannot_be_read_is_counted_and_costs_only_itself() -> (
    None
):
    """The documentation also prints `pipelineId`, in camel case."""
    answer = {"total": 2, "pipelines": [{"name": "no id"}, {"pipelineId": "p"}]}
    provider, _ = opened({"*": reply(answer)})

    page = await provider.list_pipelines()

    assert [p.ref.id for p in page.items] == ["p"]
    assert page.left_out == 1


async def test_a_latest_run_that_cannot_be_read_does_not_cost_the_pipeline() -> None:
    answer = {"total": 1, "pipelines": [{"pipeline_id": "p", "latest_run": {"x": 1}}]}
    provider, _ = opened({"*": reply(answer)})

    [pipeline] = (await provider.list_pipelines()).items

    assert pipeline.latest is None


@pytest.mark.parametrize("answer", [{}, {"offset": 0}, {"message": "hello"}])
async def test_what_is_no_list_is_not_an_empty_list(answer: object) -> None:
    provider, _ = opened({"*": reply(answer)})

    with pytest.raises(BadAnswer):
        await provider.list_pipelines()


async def test_the_check_names_the_project_and_counts_its_pipelines() -> None:
    answer = {"total": 3, "pipelines": [{"pipeline_id": "p", "project_name": "Shop"}]}
    provider, _ = opened({"*": reply(answer)})

    identity = await provider.check()

    assert (identity.name, identity.detail) == ("Shop", "3 pipelines")


async def test_one_pipeline_is_not_many() -> None:
    provider, _ = opened({"*": reply({"total": 1, "pipelines": []})})

    assert (await provider.check()).detail == "1 pipeline"


async def test_a_check_without_a_count_is_still_a_check() -> None:
    provider, _ = opened({"*": reply({"pipelines": []})})

    identity = await provider.check()

    assert (identity.name, identity.detail) == (None, None)


async def test_a_project_that_is_not_there_leads_to_the_right_setting() -> None:
    """Bite 6: the region's project id in place of the CodeArts project's."""
    gone = reply({"error_code": "DEV_21_100169", "error_msg": "not found"}, 404)
    provider, _ = opened({"*": gone})

    with pytest.raises(NotFound) as caught:
        await provider.check()

    assert "project_id" in caught.value.advice


# --- runs -----------------------------------------------------------------------------

SINCE = datetime(2023, 3, 4, tzinfo=UTC)


async def asked_for(query: RunQuery) -> tuple[dict[str, Any], frozenset[Filter]]:
    """Return what the vendor is asked for, and which filters are left to us."""
    provider, cloud = opened({"*": reply({"total": 0, "pipeline_runs": []})})
    page = await provider.list_runs(query)
    return body(cloud.requests[0]), page.filtered_here


PLAIN = {"offset": 0, "limit": 50, "sort_key": "start_time", "sort_dir": "desc"}


@pytest.mark.parametrize(
    ("filters", "native", "ours"),
    [
        ({}, {}, set()),
        ({"states": {State.FAILED}}, {"status": ["FAILED"]}, set()),
        ({"states": {State.QUEUED}}, {}, {Filter.STATE}),
        (
            {"triggers": {TriggerKind.CHANGE}},
            {"trigger_type": ["CR", "MR"]},
            set(),
        ),
        ({"triggers": {TriggerKind.API}}, {}, {Filter.TRIGGER}),
        # Milliseconds leave no doubt about the zone.
        ({"since": SINCE}, {"start_time": "1677888000000"}, set()),
        (
            {"until": SINCE + timedelta(hours=1)},
            {"end_time": "1677891600000"},
            set(),
        ),
        # Whom a run is by can be asked for by id only.
        ({"actor": "robot"}, {}, {Filter.ACTOR}),
        ({"branch": "main"}, {}, {Filter.BRANCH}),
    ],
    ids=str,
)
async def test_a_filter_is_the_vendors_where_it_has_one(
    filters: dict[str, Any], native: dict[str, Any], ours: set[Filter]
) -> None:
    frozen: dict[str, Any] = {
        k: frozenset(v) if isinstance(v, set) else v for k, v in filters.items()
    }

    asked, filtered_here = await asked_for(RunQuery(pipeline=ONE, **frozen))

    assert asked == {**native, **PLAIN}
    assert filtered_here == ours


async def test_what_the_vendors_filter_lets_through_is_sifted_again() -> None:
    runs = [
        entry(2, status="RUNNING", stage_status_list=[{"status": "PAUSED"}]),
        entry(1, status="RUNNING"),
    ]
    provider, _ = opened({"*": reply({"total": 2, "pipeline_runs": runs})})

    waiting = frozenset({State.WAITING})
    page = await provider.list_runs(RunQuery(pipeline=ONE, states=waiting))

    assert [run.number for run in page.items] == [2]


async def test_runs_are_read_page_by_page_and_go_on_where_they_stopped() -> None:
    def answer(request: httpx.Request) -> Reply:
        offset = body(request)["offset"]
        runs = [entry(n) for n in range(offset, min(offset + 50, 120))]
        return reply({"total": 120, "pipeline_runs": runs})

    provider, cloud = opened({"*": answer})

    first = await provider.list_runs(RunQuery(pipeline=ONE, limit=70))
    rest = await provider.list_runs(RunQuery(pipeline=ONE, limit=70, cursor=first.next))

    numbers = [run.number for page in (first, rest) for run in page.items]
    assert numbers == list(range(120))
    assert rest.next is None
    assert [body(r)["offset"] for r in cloud.requests] == [0, 50, 50, 100]


async def test_a_pipeline_that_has_never_run_has_no_runs() -> None:
    provider, _ = opened({"*": reply({"total": 0, "pipeline_runs": []})})

    page = await provider.list_runs(RunQuery(pipeline=ONE))

    assert (page.items, page.next, page.total) == ((), None, 0)


# --- one run --------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"id": "the-latest"}, {"subject_id": "r1"}, {}])
async def test_another_run_is_never_taken_for_the_one_asked_for(answer: object) -> None:
    """Without an id it knows, the service may answer with the latest run."""
    provider, _ = opened({"*": reply(answer)})

    with pytest.raises(BadAnswer):
        await provider.get_run(RunRef(ONE, "r1"))


async def test_a_fresh_run_is_found_by_its_id_before_any_list_has_it() -> None:
    """Bite 12: lists can be minutes behind."""
    provider, _ = opened(
        {
            f"POST {ROOT}/{ONE.id}/pipeline-runs/list": reply({"total": 0}),
            "*": reply({"id": "r1", "status": "RUNNING"}),
        }
    )

    listed = await provider.list_runs(RunQuery(pipeline=ONE))
    run = await provider.get_run(RunRef(ONE, "r1"))

    assert listed.items == ()
    assert run.state is State.RUNNING


async def test_a_part_that_cannot_be_read_is_told_of() -> None:
    stages = [{"name": "a"}, "odd", {"name": "b", "jobs": [7]}]
    provider, _ = opened({"*": reply({"id": "r1", "stages": stages})})

    run = await provider.get_run(RunRef(ONE, "r1"))

    assert [t.name for t in run.tasks or ()] == ["a", "b"]
    assert [f.value for f in run.facts] == ["parts that could not be read"]


# --- logs -----------------------------------------------------------------------------


async def test_the_end_of_a_log_is_asked_for() -> None:
    provider, cloud = opened({"*": reply({"log": "b\na\n", "has_more": False})})

    tail = await provider.read_log(RunRef(ONE, "r1"), "j1/s1", lines=5000)

    assert tail.text == "a\nb"
    assert cloud.asked == [
        f"POST {ROOT}/{ONE.id}/pipeline-runs/r1/jobs/j1/steps/s1/logs"
    ]
    assert body(cloud.requests[0]) == {
        "limit": 1000,
        "sort": "desc",
        "start_offset": 0,
        "end_offset": 0,
    }


@pytest.mark.parametrize("log", ["", "j1", "/s1", "j1/", "../s1"])
async def test_what_is_no_log_of_ours_is_refused(log: str) -> None:
    provider, cloud = opened({"*": reply({"log": ""})})

    with pytest.raises(Refused):
        await provider.read_log(RunRef(ONE, "r1"), log)

    assert cloud.requests == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (reply({}), BadAnswer),
        (reply({"error_code": "DEVCP.00012002", "error_msg": "gone"}), NotFound),
        (reply({"error": {"code": "X", "message": "no"}}), Refused),
        (Reply(b"<html>", 502), Unavailable),
    ],
)
async def test_a_log_that_cannot_be_had_says_why(
    said: Reply, kind: type[ProviderError]
) -> None:
    provider, _ = opened({"*": said})

    with pytest.raises(kind):
        await provider.read_log(RunRef(ONE, "r1"), "j1/s1")


async def test_a_log_that_holds_an_errors_words_is_still_a_log() -> None:
    text = '{"error_code": "X", "success": false}'
    provider, _ = opened({"*": reply({"log": text, "has_more": None})})

    tail = await provider.read_log(RunRef(ONE, "r1"), "j1/s1")

    assert tail.text == text
