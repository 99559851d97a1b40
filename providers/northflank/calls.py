"""The calls there are: Northflank's paths, parameters and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from providers.northflank import convert, wire
from providers.northflank.source import SourceKind
from providers.paging import Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from providers.answer import Answer
    from providers.http import Http
    from providers.model import Run
    from providers.northflank.convert import Place
    from providers.northflank.source import LogSource
    from providers.northflank.wire import (
        WireAuth,
        WireLogLine,
        WireNamed,
        WirePagination,
        WireService,
    )
    from providers.target import Query

T = TypeVar("T")

SHEET = 100
"""The most the API gives on a page; a call costs the same however much it brings."""

LISTS: Mapping[SourceKind, str] = {
    SourceKind.RELEASE_FLOWS: "/projects/{}/pipelines/{}/release-flows/{}/runs",
    # "build" is singular for the list, too.
    SourceKind.SERVICE_BUILDS: "/projects/{}/services/{}/build",
    SourceKind.JOB_RUNS: "/projects/{}/jobs/{}/runs",
    SourceKind.JOB_BUILDS: "/projects/{}/jobs/{}/build",
}
"""The path of each list of runs; a run's own is this and its id."""

LOGS: Mapping[SourceKind, tuple[str, str]] = {
    SourceKind.SERVICE_BUILDS: ("/projects/{}/services/{}/build-logs", "buildId"),
    SourceKind.JOB_RUNS: ("/projects/{}/jobs/{}/logs", "runId"),
    SourceKind.JOB_BUILDS: ("/projects/{}/jobs/{}/build-logs", "buildId"),
}
"""The path of each kind of log, and the parameter that says whose it is."""


class Calls:
    """One call each; every method raises `ProviderError` where it goes wrong.

    All but `who` go below the team, where the token is not the team's own.
    """

    def __init__(self, http: Http, team: str | None) -> None:
        self._http = http
        self._root = "/v1" if team is None else "/v1/teams/{}"
        self._team = () if team is None else (team,)

    async def who(self) -> WireAuth:
        """Return whose the token is; the one call that needs no permission."""
        answer = await self._http.get("check", "/v1/auth")
        return answer.decode(wire.AUTH).data

    async def projects(self, token: str | None) -> Sheet[WireNamed]:
        """Return a page of the projects."""
        answer = await self._page("list_pipelines", "/projects", token=token)
        found, left_out = answer.decode_list(wire.PROJECTS)
        return _sheet(found.data.projects, found.pagination, left_out)

    async def pipelines(self, project: str, token: str | None) -> Sheet[WireNamed]:
        """Return a page of a project's pipelines."""
        path = "/projects/{}/pipelines"
        answer = await self._page("list_pipelines", path, project, token=token)
        found, left_out = answer.decode_list(wire.PIPELINES)
        return _sheet(found.data.pipelines, found.pagination, left_out)

    async def services(self, project: str, token: str | None) -> Sheet[WireService]:
        """Return a page of a project's services."""
        path = "/projects/{}/services"
        answer = await self._page("list_pipelines", path, project, token=token)
        found, left_out = answer.decode_list(wire.SERVICES)
        return _sheet(found.data.services, found.pagination, left_out)

    async def jobs(self, project: str, token: str | None) -> Sheet[WireNamed]:
        """Return a page of a project's jobs."""
        path = "/projects/{}/jobs"
        answer = await self._page("list_pipelines", path, project, token=token)
        found, left_out = answer.decode_list(wire.JOBS)
        return _sheet(found.data.jobs, found.pagination, left_out)

    async def runs(
        self,
        operation: str,
        place: Place,
        token: str | None = None,
        filters: Query | None = None,
    ) -> Sheet[Run]:
        """Return a page of a source's runs, in the vendor's order."""
        kind, parts = place.source.kind, place.source.parts
        answer = await self._page(
            operation, LISTS[kind], *parts, token=token, filters=filters
        )
        match kind:
            case SourceKind.RELEASE_FLOWS:
                flows, left_out = answer.decode_list(wire.FLOW_RUNS)
                runs = [convert.flow_run(place, r) for r in flows.data.runs or []]
                return _sheet(runs, flows.pagination, left_out)
            case SourceKind.JOB_RUNS:
                jobs, left_out = answer.decode_list(wire.JOB_RUNS)
                runs = [convert.job_run(place, r) for r in jobs.data.runs or []]
                return _sheet(runs, jobs.pagination, left_out)
            case SourceKind.SERVICE_BUILDS | SourceKind.JOB_BUILDS:
                builds, left_out = answer.decode_list(wire.BUILDS)
                runs = [convert.build(place, b) for b in builds.data.builds or []]
                return _sheet(runs, builds.pagination, left_out)

    async def run(self, place: Place, ident: str) -> Run:
        """Return one run in full."""
        kind, parts = place.source.kind, place.source.parts
        answer = await self._get("get_run", f"{LISTS[kind]}/{{}}", *parts, ident)
        match kind:
            case SourceKind.RELEASE_FLOWS:
                flow, left_out = answer.decode_list(wire.FLOW_RUN)
                return convert.flow_run_in_full(place, flow.data, left_out=left_out)
            case SourceKind.JOB_RUNS:
                return convert.job_run_in_full(place, answer.decode(wire.JOB_RUN).data)
            case SourceKind.SERVICE_BUILDS | SourceKind.JOB_BUILDS:
                return convert.build_in_full(place, answer.decode(wire.BUILD).data)

    async def log(self, source: LogSource, *, lines: int) -> list[WireLogLine]:
        """Return the last so many lines of a log, newest first."""
        path, parameter = LOGS[source.kind]
        query: Query = {
            parameter: source.run,
            "queryType": "range",
            "direction": "backward",
            "lineLimit": lines,
        }
        answer = await self._get(
            "read_log", path, source.project, source.object, query=query
        )
        data = answer.decode_list(wire.LOG)[0].data
        return data if isinstance(data, list) else data.logs or []

    async def _page(
        self,
        operation: str,
        path: str,
        *parts: str,
        token: str | None,
        filters: Query | None = None,
    ) -> Answer:
        query = {**(filters or {}), "per_page": SHEET, "cursor": token}
        return await self._get(operation, path, *parts, query=query)

    async def _get(
        self, operation: str, path: str, *parts: str, query: Query | None = None
    ) -> Answer:
        return await self._http.get(
            operation, self._root + path, *self._team, *parts, query=query
        )


def _sheet(
    items: Sequence[T] | None, pagination: WirePagination, left_out: int
) -> Sheet[T]:
    return Sheet(
        items=tuple(items or ()),
        next=pagination.cursor if pagination.hasNextPage else None,
        left_out=left_out,
    )
