"""What every provider is given for nothing: filters, and looking at many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from providers.contract import (
    Capability,
    Filter,
    Page,
    Provider,
    RunQuery,
    each,
)
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    NotSupported,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.model import (
    Identity,
    Pipeline,
    PipelineRef,
    Run,
    RunRef,
    State,
    Trigger,
    TriggerKind,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, TWO, THREE = (PipelineRef("main", name) for name in ("one", "two", "three"))
QUERY = RunQuery(pipeline=ONE)


def run(ref: PipelineRef = ONE, **fields: Any) -> Run:
    return Run(ref=RunRef(ref, "1"), **{"state": State.FAILED, **fields})


def by(actor: str | None = None, kind: TriggerKind | None = None) -> Run:
    return run(trigger=Trigger(actor=actor, kind=kind))


# --- filters ----------------------------------------------------------------------

MATCHES: dict[str, tuple[dict[str, Any], Run, bool]] = {
    "no filter": ({}, run(), True),
    "its state": ({"states": {State.FAILED, State.CANCELED}}, run(), True),
    "another state": ({"states": {State.SUCCEEDED}}, run(), False),
    "its branch": ({"branch": "main"}, run(branch="main"), True),
    "another branch": ({"branch": "main"}, run(branch="main2"), False),
    "a branch in other case": ({"branch": "Main"}, run(branch="main"), False),
    "no branch known": ({"branch": "main"}, run(), False),
    "not even by a glob": ({"branch": "*"}, run(), False),
    "a glob": ({"branch": "release/*"}, run(branch="release/1.2"), True),
    "a glob that is another": ({"branch": "release/*"}, run(branch="releases"), False),
    "a branch with brackets": ({"branch": "fix[1]"}, run(branch="fix[1]"), True),
    "brackets are no glob": ({"branch": "fix[12]*"}, run(branch="fix1"), False),
    "an empty branch": ({"branch": ""}, run(branch="main"), False),
    "its actor": ({"actor": "mia"}, by("mia"), True),
    "its actor in other case": ({"actor": "MIA"}, by("Mia"), True),
    "letters that fold": ({"actor": "STRASSE"}, by("straße"), True),
    "a glob of actors": ({"actor": "*[bot]"}, by("renovate[bot]"), True),
    "not a bot": ({"actor": "*[bot]*"}, by("robot"), False),
    "another actor": ({"actor": "mia"}, by("leo"), False),
    "no actor known": ({"actor": "*"}, by(None), False),
    "no trigger known": ({"actor": "mia"}, run(), False),
    "its kind of trigger": (
        {"triggers": {TriggerKind.PUSH}},
        by(kind=TriggerKind.PUSH),
        True,
    ),
    "another kind": ({"triggers": {TriggerKind.TAG}}, by(kind=TriggerKind.PUSH), False),
    "no kind known": ({"triggers": {TriggerKind.TAG}}, by("mia"), False),
    "since then": ({"since": NOON}, run(started_at=NOON), True),
    "before then": ({"since": NOON}, run(started_at=NOON - HOUR), False),
    "until then": ({"until": NOON}, run(started_at=NOON), True),
    "after then": ({"until": NOON}, run(started_at=NOON + HOUR), False),
    "between": (
        {"since": NOON - HOUR, "until": NOON + HOUR},
        run(created_at=NOON),
        True,
    ),
    "the start counts": (
        {"since": NOON},
        run(created_at=NOON - HOUR, started_at=NOON),
        True,
    ),
    "no time known": ({"since": NOON}, run(), False),
    "no time known, until": ({"until": NOON}, run(), False),
    "one of two filters": (
        {"branch": "main", "states": {State.SUCCEEDED}},
        run(branch="main"),
        False,
    ),
}


@pytest.mark.parametrize(("filters", "one", "passes"), MATCHES.values(), ids=MATCHES)
def test_a_run_passes_only_what_it_is_known_to_match(
    filters: dict[str, Any],
    one: Run,
    passes: bool,  # noqa: FBT001
) -> None:
    assert replace(QUERY, **filters).matches(one) == passes


def test_a_query_knows_which_filters_it_uses() -> None:
    used: dict[Filter, dict[str, Any]] = {
        Filter.STATE: {"states": frozenset({State.FAILED})},
        Filter.BRANCH: {"branch": ""},
        Filter.ACTOR: {"actor": "mia"},
        Filter.TRIGGER: {"triggers": frozenset({TriggerKind.TAG})},
        Filter.SINCE: {"since": NOON},
        Filter.UNTIL: {"until": NOON},
    }

    assert QUERY.asked == frozenset()
    assert used.keys() == set(Filter)
    for name, change in used.items():
        assert replace(QUERY, **change).asked == {name}


# --- looking at many --------------------------------------------------------------


def failed(kind: type[ProviderError], what: str = "no") -> ProviderError:
    return kind(what, connection="main", operation="latest_runs")


class Looks:
    """Looks at pipelines, each with its own outcome."""

    def __init__(self, *outcomes: Run | ProviderError | None) -> None:
        self.outcomes = dict(zip((ONE, TWO, THREE), outcomes, strict=False))
        self.seen: list[PipelineRef] = []

    async def __call__(self, ref: PipelineRef) -> Run | None:
        self.seen.append(ref)
        found = self.outcomes[ref]
        if isinstance(found, ProviderError):
            raise found
        return found


async def test_each_pipeline_is_looked_at_once_in_the_order_given() -> None:
    looks = Looks(run(ONE), None, run(THREE))

    found = await each([THREE, ONE, THREE, TWO, ONE], looks)

    assert looks.seen == list(found) == [THREE, ONE, TWO]
    assert found == {ONE: run(ONE), TWO: None, THREE: run(THREE)}


async def test_nothing_to_look_at_is_no_error() -> None:
    assert await each([], Looks()) == {}


@pytest.mark.parametrize("kind", ProviderError.__subclasses__())
async def test_one_that_cannot_be_read_costs_only_itself(
    kind: type[ProviderError],
) -> None:
    error = failed(kind)

    found = await each([ONE, TWO], Looks(error, run(TWO)))

    assert found == {ONE: error, TWO: run(TWO)}


@pytest.mark.parametrize("kind", [Unauthorized, RateLimited, Unavailable])
@pytest.mark.parametrize("refs", [[ONE], [ONE, TWO]], ids=["one", "two"])
async def test_what_concerns_the_whole_connection_is_raised(
    kind: type[ProviderError], refs: list[PipelineRef]
) -> None:
    with pytest.raises(kind, match="first"):
        await each(refs, Looks(failed(kind, "first"), failed(kind, "second")))


@pytest.mark.parametrize("kind", [NotFound, BadAnswer, Forbidden])
@pytest.mark.parametrize("refs", [[ONE], [ONE, TWO]], ids=["one", "two"])
async def test_pipelines_that_are_all_gone_are_each_their_own_trouble(
    kind: type[ProviderError], refs: list[PipelineRef]
) -> None:
    errors = failed(kind, "first"), failed(kind, "second")

    found = await each(refs, Looks(*errors))

    assert list(found.values()) == list(errors)[: len(refs)]


async def test_the_error_of_the_connection_speaks_for_those_of_pipelines() -> None:
    with pytest.raises(Unavailable):
        await each([ONE, TWO], Looks(failed(NotFound), failed(Unavailable)))


async def test_a_mistake_of_our_own_is_not_taken_for_a_vendors() -> None:
    async def broken(_: PipelineRef) -> Run | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await each([ONE], broken)


async def test_they_are_looked_at_side_by_side() -> None:
    both = asyncio.Barrier(2)

    async def together(ref: PipelineRef) -> Run | None:
        await both.wait()
        return run(ref)

    async with asyncio.timeout(1):
        found = await each([ONE, TWO], together)

    assert len(found) == 2


# --- what a provider has by birth -------------------------------------------------


class Small(Provider):
    """The least that a provider is."""

    kind = "small"
    title = "Small CI"

    def __init__(self, runs: Sequence[Run] = ()) -> None:
        super().__init__("main")
        self.runs = runs
        self.queries: list[RunQuery] = []

    @override
    async def check(self) -> Identity:
        return Identity()

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        return Page(items=())

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        self.queries.append(query)
        found = [r for r in self.runs if r.ref.pipeline == query.pipeline]
        return Page(items=tuple(found[: query.limit]))

    @override
    async def get_run(self, ref: RunRef) -> Run:
        raise failed(NotFound)


async def test_the_latest_runs_are_the_first_of_each_list() -> None:
    provider = Small([run(ONE), run(TWO, state=State.RUNNING), run(TWO)])

    found = await provider.latest_runs([ONE, TWO, THREE])

    assert found == {ONE: run(ONE), TWO: run(TWO, state=State.RUNNING), THREE: None}
    assert [q.limit for q in provider.queries] == [1, 1, 1]


async def test_what_a_provider_cannot_do_it_refuses_in_words() -> None:
    provider, ref = Small(), RunRef(ONE, "1")
    acts: dict[Capability, Callable[[], Awaitable[object]]] = {
        Capability.READ_LOG: lambda: provider.read_log(ref, "x"),
        Capability.START: lambda: provider.start(ONE),
        Capability.CANCEL: lambda: provider.cancel(ref),
        Capability.RETRY: lambda: provider.retry(ref),
        Capability.APPROVE: lambda: provider.approve(ref, "x", accept=True),
    }
    for capability, act in acts.items():
        with pytest.raises(NotSupported, match="Small CI has no") as caught:
            await act()
        assert caught.value.operation == capability
    with pytest.raises(NotSupported, match="Small CI has no parse push"):
        provider.parse_push({}, b"")
    assert provider.can == frozenset()
