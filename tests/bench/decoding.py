"""How long it takes from a vendor's bytes to model objects, against plain pydantic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from providers.answer import Answer, ReadFault, fault_of_status
from providers.codearts_pipeline import faults as codearts_faults
from providers.codearts_pipeline.api import CodeArtsPipelineProvider
from providers.codearts_pipeline.settings import CodeArtsPipelineSettings
from providers.contract import RunQuery
from providers.model import PipelineRef
from providers.yunxiao import faults as yunxiao_faults
from providers.yunxiao.api import YunxiaoProvider
from providers.yunxiao.oapi import TokenApi
from providers.yunxiao.settings import SIGNED, YunxiaoSettings
from providers.yunxiao.signed import SignedApi
from tests.bench import payloads, plain
from tests.bench.figure import Figure
from tests.bench.sampling import Ratio, calls, in_turn, ms

if TYPE_CHECKING:
    from providers.http import Http

MOST = 2.0
ENTRIES = 100
STAGES = 5
OURS, THEIRS = "Runbell", "json.loads and plain pydantic"

HOW = (
    "All that happens after the bytes are there: looking for the vendor's way of "
    "saying that something is wrong, the lenient shape, and its meaning in the common "
    "words. Beside it `json.loads` and a plain pydantic model of the same fields, with "
    "times as `datetime` and statuses as enums."
)


class Door:
    """In the place of a connection's `Http`: the bytes are there already."""

    def __init__(self, pages: Sequence[bytes], read_fault: ReadFault) -> None:
        self._pages = pages
        self._read_fault = read_fault

    async def post(self, operation: str, *_: object, **__: object) -> Answer:
        """Return the only page."""
        return self._answer(operation, 0)

    async def get(
        self, operation: str, *_: object, query: Mapping[str, Any], **__: object
    ) -> Answer:
        """Return the page that a query asks for, in either API's way."""
        asked = query.get("page") or int(query.get("nextToken") or 0) + 1
        return self._answer(operation, int(asked) - 1)

    def _answer(self, operation: str, place: int) -> Answer:
        answer = Answer(
            connection="bench",
            operation=operation,
            status=200,
            headers={"content-type": "application/json;charset=UTF-8"},
            body=self._pages[place],
        )
        if self._read_fault(answer) or fault_of_status(answer):
            raise ValueError("the answer that is to be decoded is no good one")
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One list, and the two ways to decode it; both return how many entries it had."""

    title: str
    size: int
    ours: Callable[[], Awaitable[int]]
    theirs: Callable[[], int]


def codearts(entries: int, stages: int) -> Case:
    """Return the batch answer of CodeArts Pipeline."""
    body = payloads.batch_of_runs(entries, stages)
    settings = CodeArtsPipelineSettings(
        region="cn-north-4",
        project_id="0" * 32,
        access_key=cast("Any", "bench-access-key"),
        secret_key=cast("Any", "bench-secret-key"),
        batch_size=max(entries, 1),
    )
    door = cast("Http", Door([body], codearts_faults.read_fault))
    provider = CodeArtsPipelineProvider("bench", settings, door)
    refs = [PipelineRef("bench", f"{number:032x}") for number in range(entries)]

    async def ours() -> int:
        looks = await provider.latest_runs(refs)
        return sum(look is not None for look in looks.values())

    return Case(
        title=f"Decoding CodeArts' batch of {entries} pipelines × {stages} stages",
        size=len(body),
        ours=ours,
        theirs=lambda: len(plain.codearts(body)),
    )


def yunxiao(entries: int, api: str) -> Case:
    """Return Yunxiao's list of a pipeline's runs, of one of its APIs."""
    is_signed = api == SIGNED
    pages = (payloads.signed_pages if is_signed else payloads.token_pages)(entries)
    credential = (
        {"access_key_id": "bench-id", "access_key_secret": "bench-secret"}
        if is_signed
        else {"token": "pt-bench"}
    )
    settings = YunxiaoSettings.model_validate(
        {
            "api": api,
            "organization": "bench",
            "page_size": payloads.PAGE,
            **credential,
        }
    )
    door = cast("Http", Door(pages, yunxiao_faults.read_fault))
    dialect = SignedApi(door, "bench") if is_signed else TokenApi(door, "bench")
    provider = YunxiaoProvider("bench", settings, dialect)
    query = RunQuery(pipeline=PipelineRef("bench", "1234"), limit=entries)
    read = plain.signed if is_signed else plain.token

    async def ours() -> int:
        return len((await provider.list_runs(query)).items)

    return Case(
        title=f"Listing {entries} Yunxiao runs, API `{api}`",
        size=sum(map(len, pages)),
        ours=ours,
        theirs=lambda: len(read(pages)),
    )


async def decoding(
    *, entries: int = ENTRIES, stages: int = STAGES, rounds: int = 15, times: int = 20
) -> tuple[Figure, ...]:
    """Return the figures of the three lists."""
    cases = (
        codearts(entries, stages),
        yunxiao(entries, "oapi"),
        yunxiao(entries, SIGNED),
    )
    return tuple([await _figure(case, entries, rounds, times) for case in cases])


async def _figure(case: Case, entries: int, rounds: int, times: int) -> Figure:
    async def theirs() -> int:
        return case.theirs()

    if not entries == await case.ours() == await theirs():
        msg = f"{case.title}: not all entries were read"
        raise ValueError(msg)
    found = await in_turn(
        {OURS: calls(case.ours), THEIRS: calls(theirs)}, rounds=rounds, times=times
    )
    ratio = Ratio.of(found[OURS], found[THEIRS])
    return Figure(
        title=case.title,
        goal=f"at most {MOST:g} × `json.loads` and plain pydantic",
        measured=str(ratio),
        is_met=ratio.median <= MOST,
        how=f"{HOW} {case.size} bytes; {times} calls in each of {rounds} rounds.",
        details=tuple((name, f"p50 {ms(found[name].p50)}") for name in found),
    )
