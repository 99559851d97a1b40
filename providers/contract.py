"""What a provider promises.

A provider is one connection to one vendor. It is made with its settings and an
`http.Http`, and holds no other state; it is safe to use concurrently. It returns model
objects and raises only `errors.ProviderError`. It never retries, sleeps, logs or reads
the clock: `http` and the bot do.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from providers.errors import (
    NotSupported,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.globs import matches
from providers.model import Run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from providers.model import (
        Identity,
        LogTail,
        Pipeline,
        PipelineRef,
        RunRef,
        State,
        TriggerKind,
    )

T = TypeVar("T")

Look = Run | ProviderError | None
"""
The latest run of a pipeline: the run; `None` where the pipeline has never run; or why
this one pipeline could not be read while others could.
"""


CONCERNS_THE_CONNECTION = (Unauthorized, RateLimited, Unavailable)
"""The errors that say nothing of the one pipeline that was asked for."""


class Capability(StrEnum):
    """What a provider may be able to do; the value is the name of the method."""

    READ_LOG = "read_log"
    START = "start"
    CANCEL = "cancel"
    RETRY = "retry"
    APPROVE = "approve"
    PARSE_PUSH = "parse_push"


class Filter(StrEnum):
    """What a list of runs can be narrowed by."""

    STATE = "state"
    BRANCH = "branch"
    ACTOR = "actor"
    TRIGGER = "trigger"
    SINCE = "since"
    UNTIL = "until"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs of a pipeline are wanted; a filter left alone lets all through."""

    pipeline: PipelineRef
    limit: int = 20
    cursor: str | None = None
    """`Page.next` of the page before; only valid with the same filters."""
    states: frozenset[State] = frozenset()
    branch: str | None = None
    """A name or a glob, such as `release/*`."""
    actor: str | None = None
    """A name or a glob, letter case aside."""
    triggers: frozenset[TriggerKind] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asked(self) -> frozenset[Filter]:
        """The filters this query uses."""
        used = {
            Filter.STATE: bool(self.states),
            Filter.BRANCH: self.branch is not None,
            Filter.ACTOR: self.actor is not None,
            Filter.TRIGGER: bool(self.triggers),
            Filter.SINCE: self.since is not None,
            Filter.UNTIL: self.until is not None,
        }
        return frozenset(name for name, is_used in used.items() if is_used)

    def matches(self, run: Run) -> bool:
        """Return whether a run passes every filter; what is not known does not pass."""
        actor = run.trigger.actor if run.trigger else None
        kind = run.trigger.kind if run.trigger else None
        return (
            (not self.states or run.state in self.states)
            and (self.branch is None or _like(run.branch, self.branch))
            and (self.actor is None or _like(actor, self.actor, fold=True))
            and (not self.triggers or kind in self.triggers)
            and self._in_time(run.moment)
        )

    def _in_time(self, moment: datetime | None) -> bool:
        if moment is None:
            return self.since is None and self.until is None
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment <= self.until
        )


def _like(value: str | None, pattern: str, *, fold: bool = False) -> bool:
    if value is None:
        return False
    if fold:
        value, pattern = value.casefold(), pattern.casefold()
    return value == pattern or matches(value, pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list."""

    items: tuple[T, ...]
    next: str | None = None
    """The cursor of the page after this one; `None` where this was the last."""
    total: int | None = None
    """How many there are in all, where the vendor says; filters of ours aside."""
    filtered_here: frozenset[Filter] = frozenset()
    """The filters the vendor does not have, so that we sifted its list ourselves."""
    left_out: int = 0
    """How many entries were of a shape we could not read."""


class Provider(ABC):
    """One connection to one vendor."""

    kind: ClassVar[str]
    """The word in the configuration, such as `nsml`."""

    title: ClassVar[str]
    """The vendor's product, as its own people write it."""

    can: ClassVar[frozenset[Capability]] = frozenset()
    """The optional methods this provider has."""

    native_filters: ClassVar[frozenset[Filter]] = frozenset()
    """The filters the vendor's own list of runs has, in part or in full."""

    tells_outcome: ClassVar[bool] = True
    """Whether the vendor says how a run ended, and not only that it did."""

    tells_queue: ClassVar[bool] = True
    """Whether a run that has not begun yet can be told from one that runs."""

    def __init__(self, connection: str) -> None:
        self.connection = connection

    def locate(self, url: str) -> RunRef | PipelineRef | None:
        """Return what a vendor's page, pasted by a person, is about.

        `None` where the address is none of this connection's; nothing is asked.
        """
        del url
        return None

    @abstractmethod
    async def check(self) -> Identity:
        """Ask the vendor who we are, with the cheapest call that proves the credential.

        Raises:
            Unauthorized: the credential is wrong or expired.
            Forbidden: it may not read what this connection is for.

        """

    @abstractmethod
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        """Return up to `limit` pipelines whose name holds `search`, letter case aside.

        `Page.next` is set where there are more; it is not a cursor to go on from.
        """

    @abstractmethod
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        """Return the runs of a pipeline that pass the query's filters, newest first.

        A pipeline that has never run has an empty page.

        Raises:
            NotFound: there is no such pipeline, or it is not visible to us.

        """

    @abstractmethod
    async def get_run(self, ref: RunRef) -> Run:
        """Return one run in full: its tasks, the failing path with its message, facts.

        Raises:
            NotFound: there is no such run, or it is not visible to us.

        """

    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        """Return each pipeline's latest run, in the fewest calls the vendor allows.

        Every ref asked for is a key of the answer. What concerns one pipeline alone
        (not there, an odd answer) is that pipeline's value; what concerns the whole
        connection is raised. The default asks for each pipeline by itself.
        """
        return await each(refs, self._latest_run)

    async def _latest_run(self, ref: PipelineRef) -> Run | None:
        from_list = await self.list_runs(RunQuery(pipeline=ref, limit=1))
        return from_list.items[0] if from_list.items else None

    async def read_log(self, ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        """Return the last lines of a task's log.

        Args:
            ref: the run the task is of.
            log: `Task.log` of the task.
            lines: how many lines at the most.

        """
        del ref, log, lines
        raise self._not_supported(Capability.READ_LOG)

    async def start(
        self, pipeline: PipelineRef, *, branch: str | None = None
    ) -> RunRef | None:
        """Start a run; `None` where the vendor does not say which one it became."""
        del pipeline, branch
        raise self._not_supported(Capability.START)

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run; a run that is over already is no error."""
        del ref
        raise self._not_supported(Capability.CANCEL)

    async def retry(self, ref: RunRef) -> RunRef | None:
        """Run again what failed; `None` where the vendor does not say as which run."""
        del ref
        raise self._not_supported(Capability.RETRY)

    async def approve(self, ref: RunRef, task: str, *, accept: bool) -> None:
        """Let a waiting task go on, or refuse it."""
        del ref, task, accept
        raise self._not_supported(Capability.APPROVE)

    def parse_push(self, headers: Mapping[str, str], body: bytes) -> Sequence[RunRef]:
        """Return the runs a vendor's push speaks of; it is a hint to look, no more."""
        del headers, body
        raise self._not_supported(Capability.PARSE_PUSH)

    def _not_supported(self, capability: Capability) -> NotSupported:
        return NotSupported(
            f"{self.title} has no {capability.value.replace('_', ' ')}",
            connection=self.connection,
            operation=capability.value,
        )


async def each(
    refs: Collection[PipelineRef], look: Callable[[PipelineRef], Awaitable[Run | None]]
) -> dict[PipelineRef, Look]:
    """Look at the pipelines side by side, and keep what went wrong per pipeline.

    Raises:
        ProviderError: not one of them could be read, for a reason that concerns the
            whole connection; the first such error speaks for all.

    """

    async def one(ref: PipelineRef) -> Look:
        try:
            return await look(ref)
        except ProviderError as error:
            return error

    unique = tuple(dict.fromkeys(refs))
    looks = await asyncio.gather(*(one(ref) for ref in unique))
    if all(isinstance(found, ProviderError) for found in looks):
        for found in looks:
            if isinstance(found, CONCERNS_THE_CONNECTION):
                raise found
    return dict(zip(unique, looks, strict=True))
