"""Which calls CodeArts Check takes, and how its pages are walked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers import codearts_check
from providers.contract import Provider, RunQuery
from providers.errors import BadAnswer, Forbidden, NotFound, Refused
from providers.model import PipelineRef, Run, RunRef, State
from tests.fakes.cloud import Reply, Script, ScriptedCloud, network

PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"
TASKS = f"GET /v2/{PROJECT}/tasks"
ONE = PipelineRef("main", "t1")
PROGRESS = "GET /v2/tasks/t1/progress"
SUMMARY = "GET /v2/tasks/t1/defects-summary"
HISTORY = f"GET /v2/{PROJECT}/tasks/t1/checkrecord"
LOG = f"GET /v2/{PROJECT}/tasks/t1/log-detail"
START = datetime(2024, 5, 1, tzinfo=UTC)
LISTED = (Path(__file__).parent / "payloads" / "listed_tasks.json").read_bytes()


def open_(script: Script, **changes: Any) -> tuple[Provider, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    settings = codearts_check.KIND.settings.model_validate(
        {
            "region": "cn-north-4",
            "project_id": PROJECT,
            "access_key": "AK-example",
            "secret_key": "SK-example",
            **changes,
        }
    )
    return codearts_check.KIND.connect("main", settings, network(cloud)), cloud


def query_of(request: httpx.Request) -> Mapping[str, str]:
    return dict(request.url.params)


def row(hours: int) -> dict[str, str]:
    begun = START + timedelta(hours=hours)
    ended = begun + timedelta(minutes=10)
    return {
        "check_time": begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "check_end_time": ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def ident(hours: int) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y%m%dT%H%M%SZ")


def history(rows: list[dict[str, str]], *, total: int | None = -1) -> Script:
    """Return a script of a task with this history, paged by page number."""

    def page(request: httpx.Request) -> bytes:
        asked = query_of(request)
        size = int(asked["limit"])
        begin = int(asked["offset"]) * size
        known = len(rows) if total == -1 else total
        part = rows[begin : begin + size]
        return json.dumps({"data": part, "total": known}).encode()

    return {
        PROGRESS: b'{"task_status": 2}',
        SUMMARY: b'{"git_branch": "main", "is_access": "1"}',
        HISTORY: page,
    }


async def all_runs(provider: Provider, query: RunQuery) -> list[Run]:
    found: list[Run] = []
    cursor: str | None = None
    while True:
        page = await provider.list_runs(dataclasses.replace(query, cursor=cursor))
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


async def test_the_offset_of_tasks_is_a_page_number() -> None:
    """Pitfall 3: 250 tasks are the pages 0, 1 and 2, not the records 100 and on."""
    names = [{"task_id": f"t{n}"} for n in range(250)]

    def page(request: httpx.Request) -> bytes:
        begin = int(query_of(request)["offset"]) * 100
        part = names[begin : begin + 100]
        return json.dumps({"tasks": part, "total": 250}).encode()

    provider, cloud = open_({TASKS: page})
    found = await provider.list_pipelines()

    assert [p.ref.id for p in found.items] == [f"t{n}" for n in range(250)]
    assert [query_of(r)["offset"] for r in cloud.requests] == ["0", "1", "2"]
    assert found.total == 250


async def test_a_repeated_page_of_tasks_is_the_end() -> None:
    tasks = [{"task_id": f"t{n}"} for n in range(100)]
    provider, cloud = open_({TASKS: json.dumps({"tasks": tasks}).encode()})

    found = await provider.list_pipelines()

    assert len(found.items) == 100
    assert len(cloud.requests) == 2


@pytest.mark.parametrize("said", [b"{}", b'{"message": "hello"}'])
async def test_what_is_no_list_of_tasks_is_no_empty_project(said: bytes) -> None:
    provider, _ = open_({TASKS: said})

    for asked in (provider.check(), provider.list_pipelines()):
        with pytest.raises(BadAnswer):
            await asked


async def test_what_is_no_history_is_no_empty_history() -> None:
    provider, _ = open_({**history([row(1)]), HISTORY: b'{"message": "hello"}'})

    looks = await provider.latest_runs([ONE])

    assert isinstance(looks[ONE], BadAnswer)


async def test_the_list_has_no_status_so_each_task_is_asked_for_its_own() -> None:
    """Pitfall 4: a list of tasks says nothing of their scans."""
    idle = PipelineRef("main", "t2")
    script = {
        **history([row(1)]),
        TASKS: b'{"tasks": [{"task_id": "t1"}, {"task_id": "t2"}], "total": 2}',
        "GET /v2/tasks/t2/progress": b'{"task_status": null}',
    }
    provider, cloud = open_(script)

    listed = await provider.list_pipelines()
    assert [pipeline.latest for pipeline in listed.items] == [None, None]
    cloud.requests.clear()
    looks = await provider.latest_runs([ONE, idle])

    assert isinstance(looks[ONE], Run)
    assert looks[idle] is None
    assert len(cloud.requests) == 3 + 1


async def test_a_task_without_an_id_costs_only_itself() -> None:
    body = {"tasks": [{"task_name": "odd"}, {"task_id": "t1"}], "total": 2}
    provider, _ = open_({TASKS: json.dumps(body).encode()})

    found = await provider.list_pipelines()

    assert [p.name for p in found.items] == ["t1"]
    assert found.left_out == 1


@pytest.mark.parametrize("order", ["newest first", "oldest first"])
async def test_the_history_comes_newest_first_whatever_the_vendors_order(
    order: str,
) -> None:
    hours = range(250) if order == "oldest first" else range(249, -1, -1)
    provider, cloud = open_(history([row(h) for h in hours]))

    runs = await all_runs(provider, RunQuery(pipeline=ONE, limit=60))

    assert [run.ref.id for run in runs] == [ident(h) for h in range(249, -1, -1)]
    assert runs[0].reason is None
    assert not [a for a in cloud.asked if a.startswith("? ")]


async def test_the_latest_scan_is_found_at_the_end_of_an_ascending_history() -> None:
    provider, cloud = open_(history([row(h) for h in range(101)]))

    [run] = (await provider.latest_runs([ONE])).values()

    assert isinstance(run, Run)
    assert run.ref.id == ident(100)
    assert len(cloud.requests) == 4


async def test_a_history_of_one_page_is_sorted_without_another_call() -> None:
    provider, cloud = open_(history([row(h) for h in (1, 3, 2)], total=None))

    page = await provider.list_runs(RunQuery(pipeline=ONE))

    assert [run.ref.id for run in page.items] == [ident(3), ident(2), ident(1)]
    assert len(cloud.requests) == 3


async def test_the_window_is_the_vendors_and_is_kept_to_the_minute() -> None:
    """The vendor's window ends by when scans ended, so ours is asked for wider."""
    provider, cloud = open_(history([row(h) for h in (5, 4, 3, 2, 1)]))
    asked = RunQuery(
        pipeline=ONE,
        since=START + timedelta(hours=2),
        until=START + timedelta(hours=4),
    )

    page = await provider.list_runs(asked)

    assert [run.ref.id for run in page.items] == [ident(4), ident(3), ident(2)]
    assert page.filtered_here == frozenset()
    window = query_of(cloud.requests[-1])
    assert window["start_time"] == "2024-05-01T02:00:00Z"
    assert window["end_time"] == "2024-05-01T16:00:00Z"


async def test_in_a_window_of_the_past_no_scan_is_taken_for_the_newest() -> None:
    """Without a time of the newest scan nothing says that the window shows it."""
    provider, _ = open_(history([row(1)]))
    asked = RunQuery(pipeline=ONE, until=START + timedelta(hours=4))

    [run] = (await provider.list_runs(asked)).items

    assert run.native == "check_end_time"


async def test_a_branch_is_the_tasks_own_and_sifted_here() -> None:
    provider, _ = open_(history([row(1)]))

    found = await provider.list_runs(RunQuery(pipeline=ONE, branch="main"))
    none = await provider.list_runs(RunQuery(pipeline=ONE, branch="release/*"))

    assert [run.branch for run in found.items] == ["main"]
    assert none.items == ()


async def test_a_scan_of_a_long_history_is_asked_for_by_its_time() -> None:
    provider, cloud = open_(history([row(h) for h in (9, 8, 7)]))

    run = await provider.get_run(RunRef(ONE, ident(8)))

    assert run.started_at == START + timedelta(hours=8)
    assert query_of(cloud.requests[-1])["start_time"] == "2024-04-30T20:00:00Z"


async def test_a_time_within_a_scan_finds_it_under_the_id_asked_for() -> None:
    provider, _ = open_(history([row(h) for h in (9, 8)]))
    within = RunRef(ONE, "20240501T080500Z")

    run = await provider.get_run(within)

    assert run.ref == within
    assert run.started_at == START + timedelta(hours=8)


async def test_what_ran_when_it_was_asked_for_is_found_when_it_has_ended() -> None:
    statistic = "GET /v2/tasks/t1/defects-statistic"
    provider, _ = open_({**history([row(9)]), statistic: b"{}"})

    run = await provider.get_run(RunRef(ONE, "running"))

    assert run.ref.id == ident(9)
    assert run.state is State.SUCCEEDED


@pytest.mark.parametrize("progress", [b'{"task_status": null}', b'{"task_status": 2}'])
async def test_a_scan_that_is_not_there_is_not_found(progress: bytes) -> None:
    provider, _ = open_({**history([row(9)]), PROGRESS: progress})

    with pytest.raises(NotFound):
        await provider.get_run(RunRef(ONE, "20230101T000000Z"))


@pytest.mark.parametrize(
    ("ident_", "log"), [(ident(8), "log-detail"), (ident(9), "other")]
)
async def test_the_log_of_the_newest_scan_is_never_shown_as_anothers(
    ident_: str, log: str
) -> None:
    provider, cloud = open_({**history([row(9), row(8)]), LOG: b'{"log_info": []}'})

    with pytest.raises(NotFound):
        await provider.read_log(RunRef(ONE, ident_), log)

    assert not [a for a in cloud.asked if a.endswith("log-detail")]


@pytest.mark.parametrize(("lines", "text"), [(2, "b\nc"), (1, "c"), (0, "")])
async def test_no_more_lines_are_shown_than_asked_for(lines: int, text: str) -> None:
    said = b'{"log_info": [{"log": "a\\nb\\nc"}]}'
    provider, _ = open_({**history([row(9)]), LOG: said})

    tail = await provider.read_log(RunRef(ONE, ident(9)), "log-detail", lines=lines)

    assert (tail.text, tail.cut) == (text, True)


async def test_a_log_that_was_never_written_is_not_found_or_empty() -> None:
    script = {**history([row(9)]), LOG: b'{"log_info": null}'}
    provider, _ = open_(script)
    tail = await provider.read_log(RunRef(ONE, ident(9)), "log-detail")
    assert (tail.text, tail.cut) == ("", False)

    provider, _ = open_({**script, PROGRESS: b'{"task_status": null}'})
    with pytest.raises(NotFound):
        await provider.read_log(RunRef(ONE, ident(9)), "log-detail")


async def test_a_scan_that_may_have_failed_its_gate_is_not_shown_without_it() -> None:
    """A summary that is not allowed is an error, not a success."""
    denied = Reply(b'{"error_code": "CC.00050010", "error_msg": "no permission"}')
    provider, _ = open_({**history([row(9)]), SUMMARY: denied})

    looks = await provider.latest_runs([ONE])

    assert isinstance(looks[ONE], Forbidden)


async def test_a_busy_service_is_asked_again() -> None:
    """The 400 of the documented example says to try again later."""
    busy = Reply(b'{"error_code": "CC.00000000", "error_msg": "busy"}', 400)
    provider, cloud = open_({TASKS: [busy, b'{"tasks": [], "total": 7}']})

    assert (await provider.check()).detail == "7 check tasks"
    assert len(cloud.requests) == 2


async def test_one_task_is_not_many() -> None:
    provider, _ = open_({TASKS: b'{"total": 1}'})

    assert (await provider.check()).detail == "1 check task"


async def test_an_account_that_does_not_say_how_many_tasks_it_has_is_fine() -> None:
    provider, _ = open_({TASKS: b'{"tasks": []}'})

    assert (await provider.check()).detail is None


async def test_requests_ask_for_the_language_and_are_signed() -> None:
    provider, cloud = open_({TASKS: b'{"total": 1}'}, language="zh-cn")
    await provider.check()

    [request] = cloud.requests
    assert request.headers["X-Language"] == "zh-cn"
    assert request.headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AK-")
    assert "x-language" in request.headers["Authorization"]


async def test_links_are_made_where_the_console_is_known() -> None:
    console = "https://devcloud.cn-north-4.huaweicloud.com"
    provider, _ = open_(history([row(1)]), console_url=console)

    [run] = (await provider.list_runs(RunQuery(pipeline=ONE))).items

    assert run.url == (
        f"{console}/codecheck/project/{PROJECT}/codecheck/task/t1/detail"
    )


async def test_the_address_can_be_another() -> None:
    base = "https://codearts-check.cn-north-4.myhuaweicloud.cn"
    provider, cloud = open_({TASKS: b'{"total": 0}'}, base_url=base)
    await provider.check()

    assert cloud.requests[0].url.host == "codearts-check.cn-north-4.myhuaweicloud.cn"


# --- the newer list -------------------------------------------------------------------


def refs() -> list[PipelineRef]:
    return [PipelineRef("main", str(n) * 32) for n in range(1, 7)]


async def test_the_newer_list_tells_all_latest_scans_in_one_call() -> None:
    provider, cloud = open_({"GET /v1/tasks": LISTED}, api="v1")

    looks = await provider.latest_runs(refs())

    states = [look.state if isinstance(look, Run) else look for look in looks.values()]
    assert states == [
        State.SUCCEEDED,
        State.FAILED,
        State.FAILED,
        State.RUNNING,
        State.CANCELED,
        None,
    ]
    assert len(cloud.requests) == 1
    asked = query_of(cloud.requests[0])
    assert asked == {"project_id": PROJECT, "page": "1", "page_size": "200"}


async def test_what_the_newer_list_does_not_tell_is_asked_for_by_itself() -> None:
    odd = PipelineRef("main", "7" * 32)
    gone = PipelineRef("main", "t1")
    deleted = Reply(b'{"error_code": "CC.10010204.400", "error_msg": "deleted"}', 400)
    provider, _ = open_(
        {
            "GET /v1/tasks": LISTED,
            f"GET /v2/tasks/{odd.id}/progress": b'{"task_status": null}',
            PROGRESS: deleted,
        },
        api="v1",
    )

    looks = await provider.latest_runs([refs()[0], odd, gone])

    assert isinstance(looks[refs()[0]], Run)
    assert looks[odd] is None
    assert isinstance(looks[gone], NotFound)


async def test_the_newer_list_is_paged_by_page_number_from_one() -> None:
    def page(request: httpx.Request) -> bytes:
        number = int(query_of(request)["page"])
        begin = (number - 1) * 200
        part = [{"id": f"t{n}", "name": f"n{n}"} for n in range(begin, begin + 200)]
        result = {"tasks": part, "total": 400}
        return json.dumps({"httpStatus": "OK", "result": result}).encode()

    provider, cloud = open_({"GET /v1/tasks": page}, api="v1")
    found = await provider.list_pipelines()

    assert len(found.items) == 400
    assert [query_of(r)["page"] for r in cloud.requests] == ["1", "2"]


async def test_the_newer_list_of_pipelines_carries_their_latest_scan() -> None:
    provider, _ = open_({"GET /v1/tasks": LISTED}, api="v1")

    found = await provider.list_pipelines("fails")

    assert [(p.name, p.latest and p.latest.state) for p in found.items] == [
        ("fails its gate", State.FAILED),
        ("fails", State.FAILED),
    ]


async def test_a_newer_list_of_an_unknown_shape_is_a_bad_answer() -> None:
    body = b'{"httpStatus": "OK", "status": "success", "result": {"rows": []}}'
    provider, _ = open_({"GET /v1/tasks": body}, api="v1")

    with pytest.raises(BadAnswer):
        await provider.list_pipelines()


async def test_an_error_in_the_wrapper_is_an_error() -> None:
    body = b'{"httpStatus": "BAD_REQUEST", "status": "error", "result": null}'
    provider, _ = open_({"GET /v1/tasks": body}, api="v1")

    with pytest.raises(Refused):
        await provider.latest_runs(refs())
