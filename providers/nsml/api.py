"""NSML: which calls answer which question.

The API lists the runs of all projects together and filters by nothing, so one listing
serves every project, and the sifting is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from providers.auth.ncp import NcpSignature
from providers.contract import Page, Provider, RunQuery
from providers.errors import BadAnswer, NotFound, Refused
from providers.http import Http
from providers.masking import Secrets
from providers.model import Identity
from providers.nsml import convert
from providers.nsml.faults import read_fault
from providers.nsml.order import Part, Place, Turn, age, is_newest_first, newest_first
from providers.nsml.wire import PROJECT, PROJECT_LIST, RUN_DETAIL, RUN_LIST
from providers.paging import MOST_SHEETS, Sheet, collect, enough_for, sheets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from providers.contract import Look
    from providers.http.network import Network
    from providers.model import Pipeline, PipelineRef, Run, RunRef
    from providers.nsml.settings import NsmlSettings

FARTHEST = 50
"""How many pages of the one listing are read where all of it may matter."""

NOT_A_PROJECT = "runs"
"""The word that stands in the path of the listing where others have a project."""


class NsmlProvider(Provider):
    """Naver Cloud CLOVA NSML: projects are pipelines, runs are runs."""

    kind = "nsml"
    title = "CLOVA NSML"
    tells_outcome = False
    tells_queue = False

    def __init__(self, connection: str, settings: NsmlSettings, http: Http) -> None:
        super().__init__(connection)
        self._settings = settings
        self._http = http

    @override
    async def check(self) -> Identity:
        answer = await self._http.get(
            "check", "/projects", query={"page": 1, "pageSize": 1}
        )
        wire, _ = answer.decode_list(PROJECT_LIST)
        total = convert.whole(wire.totalCount)
        unit = "project" if total == 1 else "projects"
        return Identity(detail=None if total is None else f"{total} {unit}")

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        wanted = search.casefold()
        return await collect(
            self._projects,
            key=lambda p: p.ref,
            limit=limit,
            keep=lambda p: wanted in p.name.casefold(),
            most=enough_for(limit, self._settings.page_size),
        )

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        project = self._project("list_runs", query.pipeline)
        place = self._place(query.cursor)
        found: list[Run] = []
        left_out = 0
        has_run = query.cursor is not None
        following: Place | None = None
        async for part in self._listing("list_runs", place.token):
            mine = [run for run in part.runs if run.ref.pipeline == query.pipeline]
            found += [
                run for run in mine if place.is_before(run) and query.matches(run)
            ]
            has_run = has_run or bool(mine)
            left_out += part.left_out
            following = _following(query, place, part, found)
            if part.ordered and (following or part.is_past(query.since)):
                break
        if not has_run and following is None:
            # A project that never ran looks like one that is not there: ask which.
            (await self._http.get("list_runs", "/projects/{}", project)).decode(PROJECT)
        # The listing's total counts the runs of all projects: it says nothing here.
        return Page(
            items=newest_first(found)[: query.limit],
            next=str(following) if following else None,
            filtered_here=query.asked,
            left_out=left_out,
        )

    @override
    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        latest: dict[PipelineRef, Run] = {}
        wanted = {ref for ref in refs if ref.id != NOT_A_PROJECT}
        read, left_out, is_cut = 0, 0, False
        if not wanted:
            return {ref: self._no_project("latest_runs") for ref in refs}
        async for part in self._listing("latest_runs"):
            for run in part.runs:
                known = latest.get(run.ref.pipeline)
                if known is None or age(run) > age(known):
                    latest[run.ref.pipeline] = run
            read, is_cut = part.read, part.next is not None
            left_out += part.left_out
            if part.ordered and wanted <= latest.keys():
                break
        return {
            ref: latest.get(ref) or self._missing(ref, read, left_out, is_cut=is_cut)
            for ref in dict.fromkeys(refs)
        }

    @override
    async def get_run(self, ref: RunRef) -> Run:
        project = self._project("get_run", ref.pipeline)
        answer = await self._http.get(
            "get_run", "/projects/{}/runs/{}", project, ref.id
        )
        wire = answer.decode(RUN_DETAIL)
        # Only the listing has the run's times.
        entries = await collect(
            lambda token: self._runs("get_run", token),
            key=lambda run: run.ref,
            limit=1,
            keep=lambda run: run.ref == ref,
        )
        entry = entries.items[0] if entries.items else None
        return convert.run_in_full(ref, wire, entry, self._settings.zone)

    async def _listing(
        self, operation: str, token: str | None = None
    ) -> AsyncIterator[Part]:
        """Read the listing of all projects' runs, from the page of `token` on.

        Raises:
            BadAnswer: it is in no known order, and too long to be read to its end.

        """
        pages, read, ordered = 0, 0, True
        last: tuple[Run, ...] = ()
        async for sheet in sheets(
            lambda token: self._runs(operation, token),
            key=lambda run: run.ref,
            start=token,
            most=FARTHEST,
        ):
            pages, read = pages + 1, read + len(sheet.items)
            ordered = ordered and is_newest_first((*last, *sheet.items))
            last = sheet.items[-1:] or last
            if not ordered and sheet.next and pages == FARTHEST:
                raise self._unordered(operation, read)
            yield Part(
                runs=sheet.items,
                token=token,
                next=sheet.next,
                pages=pages,
                read=read,
                ordered=ordered,
                left_out=sheet.left_out,
            )
            token = sheet.next

    async def _runs(self, operation: str, token: str | None) -> Sheet[Run]:
        """Fetch one page of the listing."""
        turn, size = Turn.parse(token), self._settings.page_size
        answer = await self._http.get(
            operation, "/projects/runs", query={"page": turn.page, "pageSize": size}
        )
        wire, left_out = answer.decode_list(RUN_LIST)
        found, total = wire.runList or [], convert.whole(wire.totalCount)
        got = len(found) + left_out
        zone = self._settings.zone
        return Sheet(
            items=tuple(convert.run(self.connection, r, zone) for r in found),
            next=turn.following(got=got, size=size, total=total),
            total=total,
            left_out=left_out,
        )

    async def _projects(self, token: str | None) -> Sheet[Pipeline]:
        """Fetch one page of the list of projects."""
        turn, size = Turn.parse(token), self._settings.page_size
        answer = await self._http.get(
            "list_pipelines", "/projects", query={"page": turn.page, "pageSize": size}
        )
        wire, left_out = answer.decode_list(PROJECT_LIST)
        found, total = wire.projects or [], convert.whole(wire.totalCount)
        got = len(found) + left_out
        return Sheet(
            items=tuple(convert.pipeline(self.connection, p) for p in found),
            next=turn.following(got=got, size=size, total=total),
            total=total,
            left_out=left_out,
        )

    def _project(self, operation: str, ref: PipelineRef) -> str:
        """Return the project's id, fit for a path."""
        if ref.id == NOT_A_PROJECT:
            raise self._no_project(operation)
        return ref.id

    def _place(self, cursor: str | None) -> Place:
        try:
            return Place.parse(cursor)
        except ValueError:
            raise Refused(
                "this is not where a page of ours ended",
                connection=self.connection,
                operation="list_runs",
                advice="Ask again from the beginning.",
            ) from None

    def _missing(
        self, ref: PipelineRef, read: int, left_out: int, *, is_cut: bool
    ) -> Look:
        """Return what it means that no run of the project was read."""
        if ref.id == NOT_A_PROJECT:
            return self._no_project("latest_runs")
        if left_out:
            # A run we cannot read may be anybody's: then nobody "has never run".
            return BadAnswer(
                f"{left_out} of the account's runs could not be read",
                connection=self.connection,
                operation="latest_runs",
            )
        if not is_cut:
            return None
        return NotFound(
            f"no run of {ref.id} among the newest {read} of the account",
            connection=self.connection,
            operation="latest_runs",
        )

    def _no_project(self, operation: str) -> Refused:
        return Refused(
            f"{NOT_A_PROJECT!r} is a word of the API's paths, never a project's id",
            connection=self.connection,
            operation=operation,
            advice="Take the project's id from the list of pipelines.",
        )

    def _unordered(self, operation: str, read: int) -> BadAnswer:
        return BadAnswer(
            f"the listing is not newest first and longer than the {read} runs read",
            connection=self.connection,
            operation=operation,
            advice="Raise this connection's page_size, so that all runs can be read.",
        )


def _following(
    query: RunQuery, place: Place, part: Part, found: list[Run]
) -> Place | None:
    """Return where the page of ours that holds `found` ends; `None`: nothing follows.

    In a listing that is not newest first, only the whole of it has an order.
    """
    given = newest_first(found)[: query.limit]
    last = age(given[-1]) if given else place.last
    if len(found) > len(given):
        return Place(part.token if part.ordered else None, last)
    goes_on = part.ordered and part.pages == MOST_SHEETS and part.next
    if goes_on and not part.is_past(query.since):
        return Place(part.next, last)
    return None


def connect(name: str, settings: NsmlSettings, network: Network) -> NsmlProvider:
    """Return the provider of the connection `name`."""
    auth = NcpSignature(
        access_key=settings.access_key.get_secret_value(),
        secret_key=settings.secret_key.get_secret_value(),
        api_key=settings.api_key.get_secret_value(),
        now=network.clock.now,
    )
    http = Http(
        network,
        connection=name,
        base_url=settings.base_url,
        settings=settings,
        auth=auth,
        secrets=Secrets(settings.secrets()),
        read_fault=read_fault,
    )
    return NsmlProvider(name, settings, http)
