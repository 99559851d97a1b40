"""The suite that every provider passes.

A provider's `test_contract.py` subclasses `ProviderContract` and gives data only: its
settings, the cases (what is asked, what the vendor answers), the faults it documents.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from providers.contract import Capability, Filter, Provider, RunQuery
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    NotSupported,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.kind import Kind
from providers.model import PipelineRef, Run, RunRef, State, Task, TriggerKind
from tests import golden
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, Script, ScriptedCloud, network

CONNECTION = "main"

Ask = Callable[[Provider], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question, what the vendor answers, and (by name) the golden."""

    name: str
    ask: Ask
    answers: Mapping[str, str | Reply | list[str | Reply]]
    """`METHOD path` → a payload's file name, or a reply; a list is given in turn."""
    calls: int | None = None
    """How many requests it takes, where the fewest are promised."""


@dataclass(frozen=True, kw_only=True)
class FaultCase:
    """An answer that is an error, whatever its status."""

    name: str
    reply: Reply
    kind: type[ProviderError]
    code: str | None = None
    retry_after: timedelta | None = None


STATUSES: Mapping[int, type[ProviderError]] = {
    400: Refused,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Refused,
    422: Refused,
    429: RateLimited,
    500: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}

ALIEN = [
    b'"a word"',
    b"7",
    b"[[1]]",
    b"[1,2]",
    b"<!doctype html><title>Welcome to nginx</title>",
    b"plain words",
    b'{"cut": ',
    b"\xff\xfe\x00",
    b"[" * 5000,
]


class ProviderContract(ABC):
    """Subclass, give the data, and pytest does the rest."""

    kind: ClassVar[Kind]
    cases: ClassVar[list[Case]]
    faults: ClassVar[list[FaultCase]] = []
    pipeline: ClassVar[str]
    """The id of a pipeline whose runs `list_runs` can be asked for."""
    reading_posts: ClassVar[frozenset[str]] = frozenset()
    """The ends of paths that are POSTed to although they only read."""
    host: ClassVar[str]
    """The one host requests may go to."""
    other_hosts: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return settings whose secrets all hold the word CANARY."""

    @abstractmethod
    def endless(self) -> Script:
        """Return a script in which every page of runs says that there is another."""

    @abstractmethod
    def run_of_word(self, word: str) -> Script:
        """Return a script in which `list_runs` finds one run with this status word."""

    @property
    def folder(self) -> Path:
        import inspect  # noqa: PLC0415 - only to find the subclass's own folder

        return Path(inspect.getfile(type(self))).parent

    def payload(self, name: str) -> bytes:
        return (self.folder / "payloads" / name).read_bytes()

    def open(
        self, script: Script, clock: FakeClock | None = None, **changes: Any
    ) -> tuple[Provider, ScriptedCloud]:
        """Return the provider, and the cloud it talks to."""
        cloud = ScriptedCloud(script)
        settings = self.kind.settings.model_validate({**self.settings(), **changes})
        net = network(cloud, clock)
        return self.kind.connect(CONNECTION, settings, net), cloud

    def script(self, case: Case) -> Script:
        def reply(said: str | Reply) -> Reply:
            return Reply(self.payload(said)) if isinstance(said, str) else said

        return {
            key: [reply(s) for s in said] if isinstance(said, list) else reply(said)
            for key, said in case.answers.items()
        }

    @property
    def query(self) -> RunQuery:
        return RunQuery(pipeline=PipelineRef(CONNECTION, self.pipeline))

    @property
    def questions(self) -> Mapping[str, Ask]:
        return {
            "check": lambda p: p.check(),
            "list_pipelines": lambda p: p.list_pipelines(),
            "list_runs": lambda p: p.list_runs(self.query),
        }

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of each case and each fault."""
        for argument, table in (("case", self.cases), ("fault", self.faults)):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, table, ids=[c.name for c in table])

    # --- what it can do -----------------------------------------------------------

    def test_it_can_do_exactly_what_it_overrides(self) -> None:
        provider = self.kind.provider
        overridden = {
            c for c in Capability if getattr(provider, c) is not getattr(Provider, c)
        }

        assert overridden == provider.can

    async def test_what_it_cannot_do_is_refused_as_not_supported(self) -> None:
        provider, cloud = self.open({})
        run = RunRef(PipelineRef(CONNECTION, self.pipeline), "1")
        acts: dict[Capability, Callable[[], Any]] = {
            Capability.READ_LOG: lambda: provider.read_log(run, "x"),
            Capability.START: lambda: provider.start(run.pipeline),
            Capability.CANCEL: lambda: provider.cancel(run),
            Capability.RETRY: lambda: provider.retry(run),
            Capability.APPROVE: lambda: provider.approve(run, "x", accept=True),
            Capability.PARSE_PUSH: lambda: provider.parse_push({}, b""),
        }
        for capability in set(Capability) - provider.can:
            with pytest.raises(NotSupported) as caught:
                await acts[capability]()
            assert caught.value.connection == CONNECTION

        assert cloud.asked == []

    # --- what it answers ----------------------------------------------------------

    async def test_a_payload_gives_its_golden(self, case: Case) -> None:
        provider, cloud = self.open(self.script(case))

        answer = await case.ask(provider)

        assert cloud.unknown == []
        golden.check(answer, self.folder / "golden" / f"{case.name}.json")
        assert case.calls is None or len(cloud.requests) == case.calls, cloud.asked

    async def test_times_are_utc_and_refs_survive_text(self, case: Case) -> None:
        provider, _ = self.open(self.script(case))

        for value in _walk(await case.ask(provider)):
            if isinstance(value, datetime):
                assert value.tzinfo is UTC
            if isinstance(value, RunRef | PipelineRef):
                assert type(value).parse(str(value)) == value
            if isinstance(value, Run):
                assert value.native is not None or value.state is State.UNKNOWN
                assert value.ref.pipeline.connection == CONNECTION
                assert value.state is not State.QUEUED or provider.tells_queue

    async def test_the_address_of_a_run_leads_back_to_it(self, case: Case) -> None:
        provider, cloud = self.open(self.script(case))
        found = await case.ask(provider)
        asked = len(cloud.requests)

        for run in _walk(found):
            if isinstance(run, Run) and run.url is not None:
                located = provider.locate(run.url)
                # Where runs have no page of their own, it is their pipeline's.
                assert located in {None, run.ref, run.ref.pipeline}

        assert provider.locate("https://elsewhere.example/1") is None
        assert len(cloud.requests) == asked

    async def test_it_only_reads_stays_on_its_host_and_hides_its_credential(
        self, case: Case
    ) -> None:
        provider, cloud = self.open(self.script(case))

        await case.ask(provider)

        for request in cloud.requests:
            url = request.url
            assert request.method == "GET" or any(
                request.method == "POST" and url.path.endswith(end)
                for end in self.reading_posts
            )
            assert url.host in {self.host, *self.other_hosts}
            assert "CANARY" not in str(url)
            if url.host == self.host:
                assert b"CANARY" not in request.content

    async def test_an_unknown_word_is_unknown_and_kept(self) -> None:
        provider, _ = self.open(self.run_of_word("NEVER_SEEN_BEFORE"))

        page = await provider.list_runs(self.query)

        [run] = page.items
        assert run.state is State.UNKNOWN
        assert run.native == "NEVER_SEEN_BEFORE"

    async def test_paging_ends_whatever_the_server_says(self) -> None:
        provider, cloud = self.open(self.endless())
        nobody = dataclasses.replace(self.query, actor="nobody-at-all", limit=1000)

        page = await provider.list_runs(nobody)

        assert page.items == ()
        assert len(cloud.requests) <= 100

    async def test_every_filter_is_kept_and_it_says_which_are_ours(self) -> None:
        hour = timedelta(hours=1)
        epoch = datetime(2024, 1, 1, tzinfo=UTC)
        filters: dict[Filter, dict[str, Any]] = {
            Filter.STATE: {"states": frozenset({State.FAILED})},
            Filter.BRANCH: {"branch": "no-such-branch"},
            Filter.ACTOR: {"actor": "nobody-at-all"},
            Filter.TRIGGER: {"triggers": frozenset({TriggerKind.TAG})},
            Filter.SINCE: {"since": epoch + 900_000 * hour},
            Filter.UNTIL: {"until": epoch - 900_000 * hour},
        }
        for name, change in filters.items():
            provider, _ = self.open(self.endless())
            asked = dataclasses.replace(self.query, **change)
            page = await provider.list_runs(asked)

            assert all(asked.matches(run) for run in page.items), name
            if name not in provider.native_filters:
                assert page.filtered_here == {name}

    async def test_a_cursor_that_is_none_of_ours_is_refused(self) -> None:
        provider, _ = self.open(self.endless())
        foreign = dataclasses.replace(self.query, cursor="not a cursor")

        with pytest.raises(Refused) as caught:
            await provider.list_runs(foreign)

        assert caught.value.connection == CONNECTION

    # --- what goes wrong ----------------------------------------------------------

    @pytest.mark.parametrize("status", STATUSES)
    async def test_a_status_becomes_the_right_error(self, status: int) -> None:
        for operation, ask in self.questions.items():
            reply = Reply(b"", status, {"retry-after": "7"})
            provider, _ = self.open({"*": reply})

            with pytest.raises(STATUSES[status]) as caught:
                await ask(provider)

            assert caught.value.connection == CONNECTION
            assert caught.value.operation
            assert caught.value.advice
            if STATUSES[status] is RateLimited:
                assert caught.value.retry_after == timedelta(seconds=7), operation

    async def test_what_the_vendor_says_is_wrong_is_an_error(
        self, fault: FaultCase
    ) -> None:
        for ask in self.questions.values():
            provider, _ = self.open({"*": fault.reply})

            with pytest.raises(ProviderError) as caught:
                await ask(provider)

            assert type(caught.value) is fault.kind
            assert caught.value.code == fault.code
            if fault.retry_after is not None:
                assert caught.value.retry_after == fault.retry_after

    @pytest.mark.parametrize("body", ALIEN, ids=range(len(ALIEN)))
    async def test_an_alien_answer_is_a_bad_answer(self, body: bytes) -> None:
        for operation, ask in self.questions.items():
            provider, _ = self.open({"*": body})

            with pytest.raises(ProviderError) as caught:
                await ask(provider)

            assert isinstance(caught.value, BadAnswer), operation

    @pytest.mark.parametrize("body", [b"{}", b"null", b"[]", b'{"error": null}'])
    async def test_an_empty_answer_never_crashes(self, body: bytes) -> None:
        for ask in self.questions.values():
            provider, _ = self.open({"*": body})
            try:
                found = await ask(provider)
            except ProviderError:
                continue
            assert not getattr(found, "items", ())

    async def test_odd_values_anywhere_in_an_answer_are_no_crash(
        self, case: Case
    ) -> None:
        """A sample, drawn anew but the same for the same case, of odd answers."""
        chance = random.Random(case.name)  # noqa: S311 - repeatable on purpose
        script = self.script(case)
        for key, said in script.items():
            replies: list[Any] = said if isinstance(said, list) else [said]
            for place, reply in enumerate(replies):
                for body in _odd_answers(reply, chance):
                    odd = replies.copy()
                    odd[place] = Reply(body, reply.status, reply.headers)
                    provider, _ = self.open({**script, key: odd})
                    try:
                        repr(await case.ask(provider))
                    except ProviderError:
                        continue

    @pytest.mark.parametrize(
        "failure",
        [
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.RemoteProtocolError("cut"),
        ],
        ids=lambda e: type(e).__name__,
    )
    async def test_a_broken_line_is_unavailable(self, failure: Exception) -> None:
        for ask in self.questions.values():
            provider, _ = self.open({"*": failure})

            with pytest.raises(Unavailable):
                await ask(provider)

    async def test_it_cannot_be_made_to_leak_its_secrets(self) -> None:
        secrets = self.kind.settings.model_validate(self.settings()).secrets()
        assert secrets
        echo = json.dumps({"error_code": secrets[0], "message": " ".join(secrets)})
        for status in (200, 400, 401, 403, 404, 429, 500):
            for body in (echo.encode(), " ".join(secrets).encode(), b""):
                headers = {"retry-after": "60", "x-request-id": "r-1"}
                provider, _ = self.open({"*": Reply(body, status, headers)})
                for ask in self.questions.values():
                    try:
                        shown = repr(await ask(provider))
                    except ProviderError as error:
                        shown = _everything_about(error)
                    assert "CANARY" not in shown
        assert "CANARY" not in repr(self.kind.settings.model_validate(self.settings()))

    async def test_an_id_that_would_change_the_path_is_refused(self) -> None:
        for ident in ("..", "."):
            provider, cloud = self.open({"*": b"{}"})
            ref = RunRef(PipelineRef(CONNECTION, self.pipeline), ident)

            with pytest.raises(ProviderError):
                await provider.get_run(ref)

            assert all(ident not in a.split("/") for a in cloud.asked)


ODD: list[Any] = [
    *(None, "", " ", "x", "²", "٤٤", "..", "a/b", "a~b#c@d", "NaN", "1e400", "{"),
    *("9" * 5000, 10**30, -1, 0, 1.5, 1e300, -(10**15), 10**17, True, False),
    *([], {}, [None], {"a": None}, "[" * 400 + "]" * 400),
    *("2024-13-45 99:99:99", "0001-01-01 00:00:00", "9999-12-31 23:59:59"),
    *("http://[", "https://u:p@[bad"),
]
ODD_ANSWERS = 25
"""How many odd answers are tried in place of each reply."""


def _odd_answers(reply: Reply, chance: random.Random) -> Iterator[bytes]:
    """Yield the reply with one value in it replaced by something odd, or left out."""
    try:
        data = json.loads(reply.body)
    except ValueError:
        return
    places = list(_places(data))
    for _ in range(ODD_ANSWERS):
        place, odd = chance.choice(places), chance.choice([*ODD, KeyError])
        yield json.dumps(_put(data, place, odd)).encode()


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    pairs = value.items() if isinstance(value, dict) else ()
    for name, inner in pairs or enumerate(value if isinstance(value, list) else ()):
        yield from _places(inner, (*at, name))


def _put(data: Any, place: tuple[Any, ...], odd: Any) -> Any:
    """Return the data with `odd` in a place; `KeyError` leaves the place out."""
    if not place:
        return None if odd is KeyError else odd
    whole = copy.deepcopy(data)
    inner = whole
    for name in place[:-1]:
        inner = inner[name]
    if odd is KeyError:
        del inner[place[-1]]
    else:
        inner[place[-1]] = odd
    return whole


def _everything_about(error: BaseException) -> str:
    """Return all that a log with traceback could show of an error and its causes."""
    seen = [repr(error), str(error), repr(vars(error))]
    if isinstance(error, ProviderError):
        seen.append(error.advice)
    if error.__cause__:
        seen.append(_everything_about(error.__cause__))
    if error.__context__ and not error.__suppress_context__:
        seen.append(_everything_about(error.__context__))
    return " ".join(seen)


def _walk(value: Any) -> list[Any]:
    """Return every value inside an answer."""
    if isinstance(value, Mapping):
        return [v for pair in value.items() for part in pair for v in _walk(part)]
    if isinstance(value, tuple | list | frozenset):
        return [v for part in value for v in _walk(part)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = (getattr(value, f.name) for f in dataclasses.fields(value))
        return [value, *(v for part in inner for v in _walk(part))]
    return [value]


def find_task(run: Run, name: str) -> Task:
    """Return the task of that name, wherever in the run it stands."""
    return next(t for top in run.tasks or () for t in top.walk() if t.name == name)


__all__ = ["CONNECTION", "Case", "FaultCase", "ProviderContract", "field", "find_task"]
