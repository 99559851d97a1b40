"""How data and faults are read in whatever a vendor says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, TypeAdapter

from providers.answer import (
    LONGEST_DETAIL,
    Answer,
    AuthFailed,
    Fault,
    NoAnswer,
    Problem,
    clip,
    fault_of,
    fault_of_status,
    find_problem,
    kind_of_status,
    retry_after,
)
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
from providers.shapes import Items, OrNone, WireModel

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def answer(
    body: object, status: int = 400, headers: Mapping[str, str] | None = None
) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        connection="main",
        operation="list_runs",
        status=status,
        headers=headers or {},
        body=content,
    )


# --- a vendor's own words ---------------------------------------------------------

HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad\n Gateway</title></head></html>"
XML = (
    b'<?xml version="1.0"?><Error><RequestId>R-1</RequestId>'
    b"<Code>SignatureDoesNotMatch</Code><Message>a &lt; b &amp; c</Message></Error>"
)
SHAPES: dict[str, tuple[object, tuple[str | None, str | None, str | None]]] = {
    # https://support.huaweicloud.com/intl/en-us/api-pipeline/ and its gateway
    "huawei": (
        {"error_code": "DEVCP.00012002", "error_msg": "no such record"},
        ("DEVCP.00012002", "no such record", None),
    ),
    "huawei gateway": (
        {"error_code": "APIGW.0308", "error_msg": "throttled", "request_id": "r-1"},
        ("APIGW.0308", "throttled", "r-1"),
    ),
    "huawei pipeline": (
        {"error": {"code": "DEVPIPE.00011127", "message": "system busy"}},
        ("DEVPIPE.00011127", "system busy", None),
    ),
    "huawei queued": (
        {
            "error_code": "DEVPIPE.00011169",
            "error_msg": "queued",
            "error": {"pipeline_run_id": "1", "queue_id": "2"},
        },
        ("DEVPIPE.00011169", "queued", None),
    ),
    "huawei notices": (
        {"status": "error", "error": {"code": "X.1", "message": "no"}, "result": None},
        ("X.1", "no", None),
    ),
    "huawei check, old": (
        {"httpStatus": "BAD_REQUEST", "result": None, "status": "error"},
        (None, None, None),
    ),
    "huawei projects": (
        {"status": "error", "message": "no such project", "result": {}},
        (None, "no such project", None),
    ),
    "huawei, no success": ({"success": False}, (None, None, None)),
    "huawei start refused": (
        {"pipeline_run_id": "", "error_msg": "too many runs"},
        (None, "too many runs", None),
    ),
    "huawei iam": (
        {"error": {"code": 401, "message": "wrong password", "title": "Unauthorized"}},
        ("401", "wrong password", None),
    ),
    "huawei variant": ({"code": "X.2", "message": "no"}, ("X.2", "no", None)),
    "huawei camel": ({"errorCode": "X.3", "errorMsg": "no"}, ("X.3", "no", None)),
    "huawei nested variant": (
        {"whatever": {"error_code": "X.4", "error_msg": "no"}},
        ("X.4", "no", None),
    ),
    "literal null": (None, (None, None, None)),
    # https://api.ncloud-docs.com/docs/en/common-ncpapi
    "naver gateway": (
        {"error": {"errorCode": "210", "message": "Permission Denied", "details": "x"}},
        ("210", "Permission Denied", None),
    ),
    "naver gateway, code as a number": (
        {"error": {"errorCode": 410, "message": "Throttle Limited"}},
        ("410", "Throttle Limited", None),
    ),
    "naver, other services": (
        {"status": {"code": "1", "message": "no"}},
        ("1", "no", None),
    ),
    "naver, older services": (
        {"responseError": {"returnCode": "800", "returnMessage": "no"}},
        ("800", "no", None),
    ),
    # https://www.alibabacloud.com/help/en/sdk/product-overview/
    "alibaba": (
        {"Code": "Throttling.User", "Message": "no", "RequestId": "R-1"},
        ("Throttling.User", "no", "R-1"),
    ),
    "alibaba, lower camel": (
        {"code": "InvalidParam", "message": "no", "requestId": "R-1"},
        ("InvalidParam", "no", "R-1"),
    ),
    "alibaba, a success that is none": (
        {"success": False, "errorCode": "Forbidden", "errorMessage": "no"},
        ("Forbidden", "no", None),
    ),
    "alibaba, described": (
        {"Code": "X", "Description": "no"},
        ("X", "no", None),
    ),
    "yunxiao openapi": (
        {"errorCode": "ExpiredTokenError", "errorDescription": "expired"},
        ("ExpiredTokenError", "expired", None),
    ),
    "alibaba in XML": (XML, ("SignatureDoesNotMatch", "a < b & c", "R-1")),
    # https://northflank.com/docs/v1/api/use-the-api
    "northflank": (
        {"error": {"status": 404, "message": "Not found", "id": "x", "details": {}}},
        (None, "Not found", None),
    ),
    # https://www.rfc-editor.org/rfc/rfc9457
    "problem details": ({"title": "No.", "status": 404}, (None, "No.", None)),
    "detail only": ({"detail": "not found"}, (None, "not found", None)),
    "a word for an error": ({"error": "invalid_token"}, (None, "invalid_token", None)),
    # proxies
    "a page": (HTML, (None, "502 Bad Gateway", None)),
    "a page with a heading": (b"<h1>No <b>way</b></h1>", (None, "No way", None)),
    "a page without words": (b"<p></p>", (None, None, None)),
    "plain text": (b"upstream timed out\n", (None, "upstream timed out", None)),
    "text that is no UTF-8": (b"\xff no", (None, "\ufffd no", None)),
    "a JSON string": (b'"token expired"', (None, "token expired", None)),
    "a page in a JSON string": (b'"<title>No</title>"', (None, "No", None)),
    "a number": (b"7", (None, "7", None)),
    "nothing": (b"", (None, None, None)),
    "a list": ([{"message": "no"}], (None, None, None)),
    "cut JSON": (b'{"message": "no', (None, None, None)),
    "odd types": (
        {"code": True, "message": ["no"], "error_msg": 1.5, "request_id": {}},
        (None, None, None),
    ),
    "empty words": ({"error_code": " ", "code": "X", "message": ""}, ("X", None, None)),
}


@pytest.mark.parametrize(("body", "said"), SHAPES.values(), ids=SHAPES)
def test_the_vendors_words_are_found_wherever_it_puts_them(
    body: object, said: tuple[str | None, str | None, str | None]
) -> None:
    code, message, request_id = said

    assert find_problem(answer(body)) == Problem(
        code=code, message=message, request_id=request_id
    )


@pytest.mark.parametrize(
    "header",
    ["x-request-id", "x-acs-request-id", "x-iam-trace-id", "x-amzn-requestid"],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<p>no</p>", b"no", b"{cut"])
def test_the_request_id_may_stand_in_a_header(header: str, body: bytes) -> None:
    assert find_problem(answer(body, headers={header: "r-1"})).request_id == "r-1"


def test_the_request_id_of_the_body_wins() -> None:
    found = find_problem(
        answer({"request_id": "body"}, 400, {"x-request-id": "header"})
    )

    assert found.request_id == "body"


def test_the_names_of_data_are_no_problem_in_a_success() -> None:
    data = {"pipeline": {"code": "A-1", "message": "build the app"}}

    assert find_problem(answer(data, 200)) == Problem()
    assert find_problem(answer(data, 400)).code == "A-1"


@given(st.binary(max_size=200))
def test_no_bytes_at_all_upset_it(body: bytes) -> None:
    found = find_problem(answer(body))

    assert found.message is None or found.message.strip()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_at_all_upsets_it(data: object) -> None:
    fault = fault_of(answer(data), Refused)

    assert fault.detail.startswith("HTTP 400: ")


def test_a_hostile_page_takes_no_time() -> None:
    assert find_problem(answer(b"<Code>" * 100_000)) == Problem()


# --- faults -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None),
        (201, None),
        (204, None),
        (302, BadAnswer),
        (304, BadAnswer),
        (400, Refused),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (408, Unavailable),
        (409, Refused),
        (410, NotFound),
        (413, Refused),
        (422, Refused),
        (425, Unavailable),
        (429, RateLimited),
        (499, Refused),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (599, Unavailable),
    ],
)
def test_a_status_alone_has_a_meaning(
    status: int, kind: type[ProviderError] | None
) -> None:
    fault = fault_of_status(answer(b"", status))

    assert kind_of_status(status) is kind
    assert (fault.kind if fault else None) is kind


def test_a_fault_speaks_in_the_vendors_words() -> None:
    body = {"error_code": "X.1", "error_msg": "no\n  way", "request_id": "r-1"}

    fault = fault_of(answer(body, 409), Refused)

    assert fault.detail == "HTTP 409: no way"
    assert (fault.code, fault.request_id) == ("X.1", "r-1")


@pytest.mark.parametrize(
    ("body", "words"), [(b"", "an empty answer"), (b"{}", "no message")]
)
def test_a_fault_without_words_says_so(body: bytes, words: str) -> None:
    assert fault_of(answer(body), Refused).detail == f"HTTP 400: {words}"


def test_words_found_elsewhere_may_be_given() -> None:
    said = Problem(code="X", message="from inside")

    assert fault_of(answer(b""), Refused, said).detail == "HTTP 400: from inside"


def test_a_failed_login_is_one_of_the_ways_to_get_no_answer() -> None:
    fault = Fault(kind=Unauthorized, detail="no")

    assert isinstance(AuthFailed(fault), NoAnswer)
    assert AuthFailed(fault).fault is fault


# --- text -------------------------------------------------------------------------


def test_text_is_clipped_to_one_line() -> None:
    assert clip(" a\n\tb  c ") == "a b c"
    assert clip("x" * LONGEST_DETAIL) == "x" * LONGEST_DETAIL
    assert clip("x" * (LONGEST_DETAIL + 1)) == "x" * (LONGEST_DETAIL - 1) + "…"


def test_what_does_not_print_is_left_out() -> None:
    """Terminal escapes and changes of direction forge log lines."""
    assert clip("a\x1b[31mb\u202ec\x00d") == "a[31mbcd"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_clipped_text_is_never_longer(text: str, longest: int) -> None:
    assert len(clip(text, longest)) <= longest


# --- Retry-After ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Wed, 01 May 2024 12:01:00 GMT", 60),
        ("Wed, 01 May 2024 14:01:00 +0200", 60),
        ("Wed, 01 May 2024 12:01:00 -0000", 60),
        ("Wednesday, 01-May-24 12:01:00 GMT", 60),
        ("Wed, 01 May 2024 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +1200", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Wed, 32 May 2024 12:00:00 GMT", None),
        ("Wed, 01 May 2024 12:00:00 +9999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    text: str, seconds: int | None
) -> None:
    wait = None if seconds is None else timedelta(seconds=seconds)

    assert retry_after({"retry-after": text}, NOON) == wait


def test_no_retry_after_is_none() -> None:
    assert retry_after({}, NOON) is None


@given(st.text())
def test_no_header_at_all_upsets_it(text: str) -> None:
    wait = retry_after({"retry-after": text}, NOON)

    assert wait is None or timedelta() <= wait <= timedelta(days=1)


# --- data -------------------------------------------------------------------------


class WireRun(WireModel):
    id: str
    number: int | None = None


class WireRuns(WireModel):
    runs: Items[WireRun] | None = None


RUNS = TypeAdapter(WireRuns)


def test_numbers_may_stand_where_text_was_promised_and_more_is_ignored() -> None:
    body = {"runs": [{"id": 7, "new": "field"}], "also": "new"}

    found = answer(body, 200).decode(RUNS)

    assert found == WireRuns(runs=[WireRun(id="7")])


def test_an_entry_that_cannot_be_read_costs_only_itself_and_is_counted() -> None:
    body = {"runs": [{"id": "1"}, {"number": 2}, "odd", {"id": "3"}, None]}

    found, left_out = answer(body, 200).decode_list(RUNS)

    assert [run.id for run in found.runs or []] == ["1", "3"]
    assert left_out == 3


def test_a_list_that_may_lose_nothing_loses_nothing() -> None:
    with pytest.raises(BadAnswer, match=r"unexpected at runs\.1\.id"):
        answer({"runs": [{"id": "1"}, {}]}, 200).decode(RUNS)


@pytest.mark.parametrize("body", [{"runs": "odd"}, {"runs": {"id": "1"}}, [], 7])
def test_a_list_that_is_none_is_a_bad_answer(body: object) -> None:
    with pytest.raises(BadAnswer):
        answer(body, 200).decode_list(RUNS)


def test_an_empty_or_absent_list_is_none_of_that() -> None:
    assert answer({"runs": []}, 200).decode_list(RUNS) == (WireRuns(runs=[]), 0)
    assert answer({}, 200).decode_list(RUNS) == (WireRuns(), 0)
    assert answer({"runs": None}, 200).decode_list(RUNS) == (WireRuns(), 0)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"plain words", b"<html>", b'{"cut": ', b"\xff\xfe", b"[" * 9999],
)
def test_what_is_not_of_the_shape_is_a_bad_answer_that_says_where(body: bytes) -> None:
    said = Answer(
        connection="main",
        operation="list_runs",
        status=200,
        headers={"x-request-id": "r-1"},
        body=body,
    )

    with pytest.raises(
        BadAnswer, match="HTTP 200, unexpected at the whole answer"
    ) as e:
        said.decode(RUNS)

    assert (e.value.connection, e.value.operation) == ("main", "list_runs")
    assert e.value.request_id == "r-1"


def _quotes(value: str) -> str:
    msg = f"cannot use {value}"
    raise ValueError(msg)


class Cat(WireModel):
    kind: Literal["cat"]


class Dog(WireModel):
    kind: Literal["dog"]


SHAPES_THAT_COMPLAIN: list[tuple[Any, object]] = [
    (TypeAdapter(int), "CANARY"),
    (TypeAdapter(Literal["a", "b"]), "CANARY"),
    (TypeAdapter(datetime), "CANARY"),
    (TypeAdapter(Annotated[str, AfterValidator(_quotes)]), "CANARY"),
    (
        TypeAdapter(Annotated[Cat | Dog, Field(discriminator="kind")]),
        {"kind": "CANARY"},
    ),
    (TypeAdapter(dict[str, int]), {"a CANARY!": "x"}),
    (TypeAdapter(dict[str, int]), {"CANARY" * 20: "x"}),
    (TypeAdapter(list[int]), ["CANARY"]),
    (RUNS, {"runs": ["CANARY"]}),
]


@pytest.mark.parametrize(
    ("shape", "data"),
    SHAPES_THAT_COMPLAIN,
    ids=range(len(SHAPES_THAT_COMPLAIN)),
)
def test_a_bad_answer_says_where_but_never_what_stood_there(
    shape: TypeAdapter[object], data: object
) -> None:
    with pytest.raises(BadAnswer, match="unexpected at") as caught:
        answer(data, 200).decode(shape)

    assert "CANARY" not in f"{caught.value} {vars(caught.value)}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_repr_of_an_answer_shows_neither_headers_nor_body() -> None:
    said = answer(b"CANARY", 200, {"x-subject-token": "CANARY"})

    assert "CANARY" not in repr(said)


@pytest.mark.parametrize(
    ("body", "is_json"),
    [(b" {}", True), (b"\n[1]", True), (b"7", False), (b"", False), (b"<p>", False)],
)
def test_json_is_known_by_how_it_begins(body: bytes, is_json: bool) -> None:  # noqa: FBT001
    assert answer(body).is_json == is_json


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"NaN,"])
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert answer(body).json() is None


class _Job(WireModel):
    id: str


class _Stage(WireModel):
    name: str
    jobs: Items[_Job]


def test_an_entry_inside_an_entry_is_counted_once() -> None:
    body = b'[{"name":"a","jobs":[{"id":[]},{"id":"1"}]},{"jobs":[{"id":{}}]}]'
    answer = Answer(connection="c", operation="o", status=200, headers={}, body=body)

    stages, left_out = answer.decode_list(TypeAdapter(Items[_Stage]))

    assert [(s.name, [j.id for j in s.jobs]) for s in stages] == [("a", ["1"])]
    assert left_out == 2


class _Node(WireModel):
    name: str | None = None
    number: int | str | None = None
    whole: int | None = None
    extra: Any = None
    below: OrNone[_Below] = None


class _Below(WireModel):
    nodes: Items[_Node]


NODES = TypeAdapter(Items[_Node])


def test_a_value_that_may_be_missing_is_none_where_it_cannot_be_read() -> None:
    body = [{"name": "a", "below": "odd"}, {"name": "b", "below": {"nodes": []}}]

    nodes, left_out = answer(body, 200).decode_list(NODES)

    assert nodes == [_Node(name="a"), _Node(name="b", below=_Below(nodes=[]))]
    assert left_out == 0


def test_an_odd_value_is_forgiven_where_no_entry_may_be_lost_too() -> None:
    one = TypeAdapter(_Node)

    assert answer({"name": "a", "below": 7}, 200).decode(one) == _Node(name="a")
    with pytest.raises(BadAnswer, match=r"unexpected at whole"):
        answer({"whole": "odd", "below": 7}, 200).decode(one)


def test_an_odd_entry_does_not_cost_the_value_that_its_list_stands_in() -> None:
    body = [{"below": {"nodes": [{"name": "a"}, 7, {"whole": []}]}}]

    nodes, left_out = answer(body, 200).decode_list(NODES)

    assert nodes == [_Node(below=_Below(nodes=[_Node(name="a")]))]
    assert left_out == 2


# Of floats with seventeen digits or an exponent, pydantic makes another text in JSON
# than in Python; no vendor has such a number where text was promised.
plain_floats = st.integers(-(2**40), 2**40).map(lambda n: n / 8)
values = st.one_of(
    *(st.none(), st.booleans(), st.integers(), plain_floats),
    st.text(),
    st.integers().map(str),
    st.just([]),
    st.just({"nodes": [{"name": 1.0}]}),
)
entries = st.fixed_dictionaries({}, optional=dict.fromkeys(_Node.model_fields, values))


def _typed(node: _Node) -> str:
    """Return what stands where a type was promised; to Python, True is 1 as well."""
    return repr((node.name, node.number, node.whole, node.below))


@given(st.lists(entries, max_size=3))
def test_an_entry_is_read_the_same_whether_or_not_its_neighbours_are_odd(
    every: list[dict[str, Any]],
) -> None:
    alone = [answer([entry], 200).decode_list(NODES) for entry in every]
    together = answer(["odd", *every, "odd"], 200).decode_list(NODES)

    nodes = [node for found, _ in alone for node in found]
    assert together == (nodes, 2 + sum(left_out for _, left_out in alone))
    assert list(map(_typed, together[0])) == list(map(_typed, nodes))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"runs": {"id": "1"}}, "at runs: Input should be a valid array"),
        ([], "at the whole answer: Input should be an object"),
        (
            {"runs": [{"id": "1"}, 7, {"id": []}], "total": {}},
            "at total: Input should be a valid integer",
        ),
    ],
)
def test_a_bad_answer_names_what_was_not_forgiven_in_the_words_of_json(
    body: object, words: str
) -> None:
    class Counted(WireRuns):
        total: int | None = None

    with pytest.raises(BadAnswer) as caught:
        answer(body, 200).decode_list(TypeAdapter(Counted))

    assert str(caught.value).endswith(words)


@pytest.mark.parametrize("body", [b'["odd", "\\ud800"]', b'["odd", ', b"\xff[]"])
def test_bytes_that_are_no_json_are_not_forgiven(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="unexpected at the whole answer"):
        answer(body, 200).decode_list(TypeAdapter(Items[Any]))
