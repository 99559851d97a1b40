"""The questions that both of Yunxiao's APIs can answer, each in its own dialect.

A dialect knows paths, parameters and paging, and returns Yunxiao's own shapes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.paging import Sheet
    from providers.yunxiao.wire import WireLog, WirePipeline, WireRun, WireStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What the vendor's list of runs is narrowed by, in the vendor's words."""

    status: str | None = None
    mode: str | None = None
    """A `triggerMode`."""
    since: int | None = None
    """Milliseconds since the epoch, as is `until`."""
    until: int | None = None


class Dialect(ABC):
    """One of the two APIs."""

    @abstractmethod
    async def pipelines(
        self, operation: str, token: str | None, size: int
    ) -> Sheet[WirePipeline]:
        """Return a page of the organization's pipelines."""

    @abstractmethod
    async def runs(
        self,
        operation: str,
        pipeline: str,
        narrowing: Narrowing,
        token: str | None,
        size: int,
    ) -> Sheet[WireRun]:
        """Return a page of a pipeline's runs."""

    @abstractmethod
    async def latest(self, pipeline: str) -> WireRun | None:
        """Return a pipeline's newest run, with stages where one call gives them."""

    @abstractmethod
    async def run(self, operation: str, pipeline: str, run: str) -> WireRun:
        """Return a run in full."""

    @abstractmethod
    async def steps(self, pipeline: str, run: str, job: str) -> Sequence[WireStep]:
        """Return the steps of a job; none where the API has no steps."""

    @abstractmethod
    async def log(self, pipeline: str, run: str, job: str) -> WireLog:
        """Return the log of a job."""
