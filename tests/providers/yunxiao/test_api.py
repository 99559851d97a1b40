"""Which calls Yunxiao's answers cost, and how lists are narrowed, paged and filled."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers import yunxiao
from providers.contract import Filter, Provider, RunQuery
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.model import PipelineRef, RunRef, State, TaskKind, TriggerKind
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, Script, ScriptedCloud, network

ORG = "5ebbc0228123212b59xxxxx"
REF = PipelineRef("main", "1234")
RUN = RunRef(REF, "42")
QUERY = RunQuery(pipeline=REF)
SIGNED = f"GET /organization/{ORG}"
TOKEN = f"GET /oapi/v1/flow/organizations/{ORG}"
SINCE = datetime(2024, 5, 1, tzinfo=UTC)

SIGNED_SETTINGS = {
    "api": "2021-06-25",
    "organization": ORG,
    "access_key_id": "LTAI-not-real",
    "access_key_secret": "not-a-real-secret",
}
TOKEN_SETTINGS = {"organization": ORG, "token": "pt-not-real"}


def payload(name: str) -> bytes:
    return (Path(__file__).parent / "payloads" / name).read_bytes()


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def envelope(runs: list[dict[str, Any]], token: str | None = None) -> bytes:
    return body({"success": True, "nextToken": token, "pipelineRuns": runs})


def opened(
    settings: dict[str, Any], script: Script, clock: FakeClock | None = None
) -> tuple[Provider, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    parsed = yunxiao.KIND.settings.model_validate(settings)
    return yunxiao.KIND.connect("main", parsed, network(cloud, clock)), cloud


def signed(
    script: Script, clock: FakeClock | None = None
) -> tuple[Provider, ScriptedCloud]:
    return opened(SIGNED_SETTINGS, script, clock)


def newer(
    script: Script, clock: FakeClock | None = None
) -> tuple[Provider, ScriptedCloud]:
    return opened(TOKEN_SETTINGS, script, clock)


def params(request: httpx.Request) -> dict[str, str]:
    return dict(request.url.params)


# --- narrowing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sent", "native"),
    [
        ({"states": frozenset({State.FAILED})}, {"status": "FAIL"}, True),
        ({"states": frozenset({State.SUCCEEDED})}, {"status": "SUCCESS"}, True),
        ({"states": frozenset({State.RUNNING})}, {"status": "RUNNING"}, True),
        ({"states": frozenset({State.CANCELED})}, {}, False),
        ({"states": frozenset({State.FAILED, State.CANCELED})}, {}, False),
        ({"triggers": frozenset({TriggerKind.MANUAL})}, {"triggerMode": "1"}, True),
        ({"triggers": frozenset({TriggerKind.SCHEDULE})}, {"triggerMode": "2"}, True),
        ({"triggers": frozenset({TriggerKind.PUSH})}, {"triggerMode": "3"}, True),
        ({"triggers": frozenset({TriggerKind.PIPELINE})}, {"triggerMode": "5"}, True),
        ({"triggers": frozenset({TriggerKind.WEBHOOK})}, {"triggerMode": "6"}, True),
        ({"triggers": frozenset({TriggerKind.TAG})}, {}, False),
        ({"since": SINCE}, {"startTime": "1714521600000"}, True),
        ({"until": SINCE}, {"endTime": "1714521600000"}, True),
        ({"actor": "kim"}, {}, False),
    ],
)
async def test_the_vendor_narrows_by_what_it_can_and_the_rest_is_sifted_here(
    change: dict[str, Any], sent: dict[str, str], *, native: bool
) -> None:
    query = replace(QUERY, **change)
    old, old_cloud = signed({"*": envelope([])})
    new, new_cloud = newer({"*": b"[]"})

    pages = [await old.list_runs(query), await new.list_runs(query)]

    assert params(old_cloud.requests[0]) == {"maxResults": "20", **sent}
    # `endTme` is the parameter's real name in the newer API (pitfall 5).
    renamed = {"endTme" if k == "endTime" else k: v for k, v in sent.items()}
    assert params(new_cloud.requests[0]) == {"page": "1", "perPage": "20", **renamed}
    expected = frozenset() if native else query.asked
    assert [page.filtered_here for page in pages] == [expected, expected]


async def test_what_the_vendor_did_not_sift_after_all_is_sifted_here() -> None:
    provider, _ = signed({"*": payload("signed_runs.json")})

    page = await provider.list_runs(replace(QUERY, states=frozenset({State.FAILED})))

    assert [run.ref.id for run in page.items] == ["42"]


# --- filling in -----------------------------------------------------------------------


async def test_a_running_run_is_read_in_full_to_tell_whether_it_waits() -> None:
    provider, cloud = signed(
        {
            f"{SIGNED}/pipelines/1234/pipelineRuns": payload("signed_runs.json"),
            f"{SIGNED}/pipelines/1234/pipelineRuns/43": payload(
                "signed_run_waiting.json"
            ),
            f"{SIGNED}/pipelines/1234/pipelineRuns/40": body({"success": True}),
        }
    )

    page = await provider.list_runs(replace(QUERY, states=frozenset({State.WAITING})))

    assert [(run.ref.id, run.state) for run in page.items] == [("43", State.WAITING)]
    assert page.filtered_here == {Filter.STATE}
    assert len(cloud.requests) == 3


async def test_a_question_by_branch_reads_no_more_than_thirty_runs_in_full() -> None:
    def answer(request: httpx.Request) -> bytes:
        if not request.url.path.endswith("/runs"):
            return body({"pipelineRunId": 1, "status": "SUCCESS", "stages": []})
        start = 1000 - 10 * int(request.url.params["page"])
        runs = [{"pipelineRunId": start + n, "status": "SUCCESS"} for n in range(10)]
        return body(runs)

    provider, cloud = newer({"*": answer})

    page = await provider.list_runs(replace(QUERY, branch="main"))

    assert page.items == ()
    assert page.next is not None
    assert len(cloud.requests) == 33


async def test_only_runs_that_pass_the_other_filters_are_read_in_full() -> None:
    provider, cloud = newer(
        {
            f"{TOKEN}/pipelines/1234/runs": payload("token_runs.json"),
            f"{TOKEN}/pipelines/1234/runs/42": payload("token_run_failed.json"),
        }
    )
    query = replace(
        QUERY, branch="release/2.4", triggers=frozenset({TriggerKind.WEBHOOK})
    )

    page = await provider.list_runs(query)

    assert [run.ref.id for run in page.items] == ["42"]
    assert len(cloud.requests) == 2


async def test_a_vendor_in_trouble_while_runs_are_read_in_full_is_an_error() -> None:
    provider, _ = newer(
        {
            f"{TOKEN}/pipelines/1234/runs": payload("token_runs_documented.json"),
            f"{TOKEN}/pipelines/1234/runs/1": Reply(b"", 503),
        }
    )

    with pytest.raises(Unavailable):
        await provider.list_runs(QUERY)


# --- paging ---------------------------------------------------------------------------


async def test_the_signed_api_is_walked_by_token_until_it_is_empty() -> None:
    runs: list[dict[str, Any]] = [
        {"pipelineRunId": n, "status": "SUCCESS"} for n in range(5, 0, -1)
    ]

    def answer(request: httpx.Request) -> bytes:
        if "nextToken" not in request.url.params:
            return envelope(runs[:3], "a b+c/d=")
        assert request.url.params["nextToken"] == "a b+c/d="
        assert b"nextToken=a%20b%2Bc%2Fd%3D" in request.url.query
        return envelope(runs[3:], "")

    provider, cloud = signed({"*": answer})

    page = await provider.list_runs(QUERY)

    assert [run.number for run in page.items] == [5, 4, 3, 2, 1]
    assert page.next is None
    assert len(cloud.requests) == 2


async def test_a_cursor_goes_on_where_the_page_before_ended() -> None:
    runs = [{"pipelineRunId": n, "status": "SUCCESS"} for n in range(5, 0, -1)]
    provider, _ = signed({"*": envelope(runs)})

    first = await provider.list_runs(replace(QUERY, limit=2))
    second = await provider.list_runs(replace(QUERY, limit=5, cursor=first.next))

    assert [run.number for run in first.items] == [5, 4]
    assert [run.number for run in second.items] == [3, 2, 1]


@pytest.mark.parametrize("cursor", ["elsewhere", "x~2", "0~not-a-page"])
async def test_a_cursor_of_somebody_elses_is_refused(cursor: str) -> None:
    provider, _ = newer({"*": b"[]"})

    with pytest.raises(Refused, match="not where a page of ours ended"):
        await provider.list_runs(replace(QUERY, cursor=cursor))


async def test_a_mistake_of_our_own_is_not_taken_for_a_wrong_cursor() -> None:
    provider, _ = newer({"*": ValueError("ours")})

    with pytest.raises(ValueError, match="ours"):
        await provider.list_runs(QUERY)


async def test_a_server_that_insists_on_a_token_gets_an_empty_one_from_then_on() -> (
    None
):
    """The documentation marks nextToken as required; the SDK does not."""

    def answer(request: httpx.Request) -> Reply | bytes:
        if "nextToken" not in request.url.params:
            code = {"Code": "InvalidParam.ParamNotPresent", "Message": "invalid"}
            return Reply(body(code), 400)
        return envelope([{"pipelineRunId": 1, "status": "SUCCESS"}])

    provider, cloud = signed({"*": answer})

    first = await provider.list_runs(QUERY)
    second = await provider.list_runs(QUERY)

    assert len(first.items) == len(second.items) == 1
    tokens = [params(request).get("nextToken") for request in cloud.requests]
    assert tokens == [None, "", ""]


async def test_another_bad_parameter_is_not_hidden_by_the_second_try() -> None:
    refusal = body({"Code": "InvalidParam.ParamNotPresent", "Message": "invalid"})
    provider, cloud = signed({"*": Reply(refusal, 400)})

    for _ in range(2):
        with pytest.raises(Refused):
            await provider.list_runs(QUERY)

    assert [params(r).get("nextToken") for r in cloud.requests] == [None, ""] * 2


@pytest.mark.parametrize(
    ("headers", "pages"),
    [
        ({"x-next-page": "2", "x-total": "6"}, 2),
        ({"x-next-page": "", "x-total": "6"}, 1),
        ({"x-total": "6"}, 2),
        ({"x-total": "3"}, 1),
        ({"x-next-page": "no number"}, 1),
    ],
)
async def test_the_newer_api_says_in_headers_whether_there_is_another_page(
    headers: dict[str, str], pages: int
) -> None:
    def answer(request: httpx.Request) -> Reply:
        page = int(request.url.params["page"])
        last = {"x-next-page": ""} if page == 2 else headers
        runs = [
            {"pipelineRunId": 9 - 3 * page - n, "status": "SUCCESS"} for n in range(3)
        ]
        return Reply(body(runs), headers=last)

    provider, cloud = opened({**TOKEN_SETTINGS, "page_size": 3}, {"*": answer})

    page = await provider.list_runs(QUERY)

    assert len(page.items) == 3 * pages
    assert [params(r)["page"] for r in cloud.requests] == ["1", "2"][:pages]


async def test_without_headers_a_short_page_is_the_last() -> None:
    provider, cloud = newer({"*": payload("token_runs.json")})

    page = await provider.list_runs(QUERY)

    assert len(page.items) == 4
    assert len(cloud.requests) == 1


# --- shapes ---------------------------------------------------------------------------


async def test_an_entry_without_an_id_costs_only_itself() -> None:
    runs: list[dict[str, Any]] = [
        {"status": "FAIL"},
        {"pipelineRunId": 2, "status": "FAIL"},
    ]
    old, _ = signed({"*": envelope(runs)})
    new, _ = newer({"*": body(runs)})

    for page in (await old.list_runs(QUERY), await new.list_runs(QUERY)):
        assert [run.number for run in page.items] == [2]
        assert page.left_out == 1


async def test_a_list_of_which_nothing_can_be_read_is_a_bad_answer() -> None:
    old, _ = signed({"*": envelope([{"status": "FAIL"}])})
    new, _ = newer({"*": body([{"status": "FAIL"}])})

    for provider in (old, new):
        with pytest.raises(BadAnswer, match="not one entry"):
            await provider.list_runs(QUERY)


@pytest.mark.parametrize("said", [{}, {"requestId": "R-1"}, {"success": None}])
async def test_an_envelope_with_neither_list_nor_success_is_no_empty_list(
    said: dict[str, Any],
) -> None:
    provider, _ = signed({"*": body(said)})

    with pytest.raises(BadAnswer):
        await provider.list_runs(QUERY)


async def test_a_success_may_leave_an_empty_list_out() -> None:
    provider, _ = signed({"*": body({"success": True})})

    assert (await provider.list_runs(QUERY)).items == ()


async def test_a_run_or_a_log_that_is_missing_from_its_envelope_is_a_bad_answer() -> (
    None
):
    provider, _ = signed({"*": body({"success": True})})

    with pytest.raises(BadAnswer, match="no pipelineRun"):
        await provider.get_run(RUN)
    with pytest.raises(BadAnswer, match="no log"):
        await provider.read_log(RUN, "903")


# --- the latest run -------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [b"", b"null", b"{}"])
async def test_a_pipeline_that_never_ran_has_no_latest_run(nothing: bytes) -> None:
    provider, _ = newer({"*": nothing})

    assert await provider.latest_runs([REF]) == {REF: None}


async def test_where_the_latest_run_is_not_found_the_list_tells_why() -> None:
    missing = Reply(body({"errorCode": "NotFound", "errorMessage": "no run"}), 404)
    gone = PipelineRef("main", "999")
    old = PipelineRef("main", "998")
    listed = body([{"pipelineRunId": 3, "status": "SUCCESS"}])
    provider, _ = newer(
        {
            f"{TOKEN}/pipelines/1234/runs": b"[]",
            f"{TOKEN}/pipelines/998/runs": listed,
            "*": missing,
        }
    )

    found = await provider.latest_runs([REF, gone, old])

    assert found[REF] is None
    assert isinstance(found[gone], NotFound)
    latest = found[old]
    assert latest is not None
    assert not isinstance(latest, NotFound)


async def test_a_running_run_whose_detail_is_gone_stays_what_the_list_said() -> None:
    provider, cloud = signed(
        {
            f"{SIGNED}/pipelines/1234/pipelineRuns": payload(
                "signed_latest_running.json"
            ),
            "*": Reply(b"", 404),
        }
    )

    found = await provider.latest_runs([REF])

    run = found[REF]
    assert run is not None
    assert getattr(run, "state", None) is State.RUNNING
    assert len(cloud.requests) == 2


# --- steps and acts -------------------------------------------------------------------


async def test_the_steps_come_as_an_object_or_as_an_array() -> None:
    found = []
    for name in ("token_steps.json", "token_steps_array.json"):
        provider, _ = newer(
            {
                f"{TOKEN}/pipelines/1234/runs/42": payload("token_run_failed.json"),
                "*": payload(name),
            }
        )
        found.append(await provider.get_run(RUN))

    assert found[0] == found[1]
    assert [task.kind for task in found[0].failing_path] == [
        TaskKind.STAGE,
        TaskKind.JOB,
        TaskKind.STEP,
    ]


@pytest.mark.parametrize("reply", [Reply(b"", 403), Reply(b"<html>"), Reply(b"", 503)])
async def test_a_run_is_shown_without_its_steps_where_those_cannot_be_read(
    reply: Reply,
) -> None:
    provider, _ = newer(
        {
            f"{TOKEN}/pipelines/1234/runs/42": payload("token_run_failed.json"),
            "*": reply,
        }
    )

    run = await provider.get_run(RUN)

    assert [task.name for task in run.failing_path] == ["Test", "Integration tests"]


async def test_no_more_than_three_failed_jobs_are_asked_for_their_steps() -> None:
    jobs = [{"id": n, "name": f"job {n}", "status": "FAIL"} for n in range(1, 9)]
    stages = [{"name": "s", "stageInfo": {"status": "FAIL", "jobs": jobs}}]
    detail = {"pipelineRunId": 42, "status": "FAIL", "stages": stages}
    provider, cloud = newer(
        {f"{TOKEN}/pipelines/1234/runs/42": body(detail), "*": b'{"steps": []}'}
    )

    await provider.get_run(RUN)

    assert len(cloud.requests) == 4


async def test_a_run_that_has_no_stages_yet_has_no_tasks() -> None:
    provider, _ = newer({"*": body({"pipelineRunId": 42, "status": "RUNNING"})})

    assert (await provider.get_run(RUN)).tasks == ()


# --- credentials ----------------------------------------------------------------------


async def test_the_signed_api_names_its_action_and_the_newer_sends_its_token() -> None:
    old, old_cloud = signed({"*": payload("signed_pipelines.json")})
    new, new_cloud = newer({"*": payload("token_pipelines.json")})

    await old.check()
    await new.check()

    headers = old_cloud.requests[0].headers
    assert headers["x-acs-action"] == "ListPipelines"
    assert headers["x-acs-version"] == "2021-06-25"
    assert "x-acs-security-token" not in headers
    assert new_cloud.requests[0].headers["x-yunxiao-token"] == "pt-not-real"


@pytest.mark.parametrize("code", ["SignatureNonceUsed", "InvalidTimeStamp.Expired"])
async def test_a_signature_that_came_too_late_is_made_anew_once(code: str) -> None:
    refusal = Reply(body({"Code": code, "Message": "no"}), 400)
    provider, cloud = signed({"*": [refusal, payload("signed_pipelines.json")]})

    identity = await provider.check()

    assert identity.detail == "3 pipelines"
    first, second = (r.headers["x-acs-signature-nonce"] for r in cloud.requests)
    assert first != second


async def test_a_wrong_signature_is_not_tried_again() -> None:
    refusal = Reply(body({"Code": "SignatureDoesNotMatch", "Message": "no"}), 400)
    provider, cloud = signed({"*": refusal})

    with pytest.raises(Unauthorized) as caught:
        await provider.check()

    assert not caught.value.fresh_signature_may_help
    assert len(cloud.requests) == 1


async def test_a_short_throttling_is_waited_out_in_milliseconds() -> None:
    throttled = Reply(
        body({"Code": "Throttling.User", "Message": "-"}),
        400,
        {"x-acs-retry-after": "2500"},
    )
    clock = FakeClock()
    provider, _ = signed({"*": [throttled, payload("signed_pipelines.json")]}, clock)

    await provider.check()

    assert clock.slept == [timedelta(seconds=2.5)]


@pytest.mark.parametrize("header", ["0", "-5", "soon", "", "9" * 5000])
async def test_an_odd_wait_is_no_wait(header: str) -> None:
    reply = Reply(
        body({"Code": "Throttling", "Message": "-"}),
        429,
        {"x-acs-retry-after": header},
    )
    provider, _ = signed({"*": reply})

    with pytest.raises(RateLimited) as caught:
        await provider.check()

    assert caught.value.retry_after is None


async def test_a_user_who_is_no_member_is_told_how_to_become_one() -> None:
    reply = Reply(body({"Code": "InvalidUser.NotFound", "Message": "no"}), 400)
    provider, _ = signed({"*": reply})

    with pytest.raises(Forbidden) as caught:
        await provider.check()

    assert "organization" in caught.value.advice


async def test_a_curly_quote_beside_success_is_no_error_pitfall_1() -> None:
    provider, _ = signed({"*": payload("signed_runs_documented.json")})

    page = await provider.list_runs(replace(QUERY, limit=1))

    assert page.items[0].state is State.UNKNOWN


async def test_an_id_that_would_change_the_path_is_never_sent() -> None:
    provider, cloud = signed({"*": b"{}"})

    with pytest.raises(Refused, match="not an id"):
        await provider.read_log(RunRef(PipelineRef("main", ".."), "42"), "903")

    assert cloud.asked == []


async def test_the_paths_have_the_vendors_own_singulars_and_plurals_pitfall_2() -> None:
    old, old_cloud = signed({"*": payload("signed_log.json")})
    new, new_cloud = newer({"*": payload("token_log.json")})

    await old.read_log(RUN, "903")
    await new.read_log(RUN, "903")

    assert old_cloud.asked == [
        f"{SIGNED}/pipeline/1234/pipelineRun/42/job/903/logs",
    ]
    assert new_cloud.asked == [f"{TOKEN}/pipelines/1234/runs/42/job/903/log"]
