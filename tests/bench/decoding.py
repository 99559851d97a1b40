"""How long it takes from a vendor's bytes to model objects, against plain pydantic."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter

from providers.answer import Answer, ReadFault, fault_of_status
from providers.codearts_pipeline import faults as codearts_faults
from providers.codearts_pipeline.api import CodeArtsPipelineProvider
from providers.codearts_pipeline.settings import CodeArtsPipelineSettings
from providers.codearts_pipeline.wire import LATEST_RUNS
from providers.contract import RunQuery
from providers.model import PipelineRef, Run
from providers.yunxiao import faults as yunxiao_faults
from providers.yunxiao.api import YunxiaoProvider
from providers.yunxiao.oapi import TokenApi
from providers.yunxiao.settings import SIGNED, YunxiaoSettings
from providers.yunxiao.signed import SignedApi
from providers.yunxiao.wire import RUN_LIST, RUNS
from tests.bench import payloads, plain
from tests.bench.figure import Figure
from tests.bench.sampling import Ratio, calls, in_turn, ms

if TYPE_CHECKING:
    from providers.http import Http

MOST = 2.0
ENTRIES = 100
STAGES = 5
OURS, THEIRS = "Runbell", "json.loads and plain pydantic"
SHAPES = "json.loads and Runbell's own shapes"
DECODED = "of Runbell's: from the bytes to its shapes"
MADE = "of Runbell's: making that many frozen model objects, of what is ready"
REST = "of Runbell's: all else (times, words, addresses, paging, looking for a failure)"

HOW = (
    "All that happens after the bytes are there: looking for the vendor's way of "
    "saying that something is wrong, the lenient shape, and its meaning in the common "
    "words. Beside it `json.loads` and a plain pydantic model of the same fields, with "
    "times as `datetime` and statuses as enums; and, to tell whether that is a fair "
    "measure, `json.loads` and the shapes that Runbell itself uses. (It was too strict "
    "a one for Yunxiao before 2026-11-21: the plain model lacked six of the fields.)"
)


class Door:
    """In the place of a connection's `Http`: the bytes are there already."""

    def __init__(self, pages: Sequence[bytes], read_fault: ReadFault) -> None:
        self._pages = pages
        self._read_fault = read_fault

    async def post(self, operation: str, *_: object, **__: object) -> Answer:
        """Return the only page."""
        return self.answer(operation, 0)

    async def get(
        self, operation: str, *_: object, query: Mapping[str, Any], **__: object
    ) -> Answer:
        """Return the page that a query asks for, in either API's way."""
        asked = query.get("page") or int(query.get("nextToken") or 0) + 1
        return self.answer(operation, int(asked) - 1)

    def answer(self, operation: str, place: int) -> Answer:
        """Return a page."""
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
    """One list, and the two ways to decode it."""

    title: str
    pages: Sequence[bytes]
    shape: TypeAdapter[Any]
    """What Runbell decodes a page to, on the way to runs."""
    ours: Callable[[], Awaitable[Sequence[Run]]]
    theirs: Callable[[], Sequence[object]]


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

    async def ours() -> list[Run]:
        looks = await provider.latest_runs(refs)
        return [look for look in looks.values() if isinstance(look, Run)]

    return Case(
        title=f"Decoding CodeArts' batch of {entries} pipelines × {stages} stages",
        pages=[body],
        shape=LATEST_RUNS,
        ours=ours,
        theirs=lambda: plain.codearts(body),
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

    async def ours() -> Sequence[Run]:
        return (await provider.list_runs(query)).items

    return Case(
        title=f"Listing {entries} Yunxiao runs, API `{api}`",
        pages=pages,
        shape=RUN_LIST if is_signed else RUNS,
        ours=ours,
        theirs=lambda: read(pages),
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
    runs = await case.ours()
    if not entries == len(runs) == len(case.theirs()):
        msg = f"{case.title}: not all entries were read"
        raise ValueError(msg)
    variants = {
        OURS: case.ours,
        THEIRS: _awaited(case.theirs),
        **_beside(case, runs),
    }
    found = await in_turn(
        {name: calls(work) for name, work in variants.items()},
        rounds=rounds,
        times=times,
    )
    ratio = Ratio.of(found[OURS], found[THEIRS])
    size = sum(map(len, case.pages))
    middles = {name: samples.p50 for name, samples in found.items()}
    middles[REST] = middles[OURS] - middles[DECODED] - middles[MADE]
    return Figure(
        title=case.title,
        goal=f"at most {MOST:g} × `json.loads` and plain pydantic",
        measured=str(ratio),
        is_met=ratio.median <= MOST,
        how=f"{HOW} {size} bytes; {times} calls in each of {rounds} rounds.",
        details=tuple((name, f"p50 {ms(middle)}") for name, middle in middles.items()),
    )


def _beside(
    case: Case, runs: Sequence[Run]
) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """Return what else is measured: the yardstick's yardstick, and parts of ours."""
    door = Door(case.pages, lambda _: None)
    answers = [door.answer("list_runs", place) for place in range(len(case.pages))]
    objects = list(_parts(runs, set()))

    return {
        SHAPES: _awaited(
            lambda: [case.shape.validate_python(json.loads(p)) for p in case.pages]
        ),
        DECODED: _awaited(lambda: [a.decode_list(case.shape) for a in answers]),
        MADE: _awaited(lambda: [kind(**said) for kind, said in objects]),
    }


def _awaited(work: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def awaited() -> object:
        return work()

    return awaited


def _parts(
    value: object, seen: set[int]
) -> Iterator[tuple[type[object], dict[str, object]]]:
    """Yield the kind and the fields of each model object in a value, each one once."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from _parts(part, seen)
    elif is_dataclass(value) and not isinstance(value, type) and id(value) not in seen:
        seen.add(id(value))
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        yield from _parts(tuple(said.values()), seen)
        yield type(value), said
