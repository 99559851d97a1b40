"""Which pipelines there are: the release flows, services and jobs of every project.

Which stages of a pipeline have a release flow is in no list, so each is asked for its
runs once: 404 says that it has none, and the answer brings the latest run along.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from providers.contract import Page
from providers.errors import Forbidden, NotFound, ProviderError
from providers.northflank import convert
from providers.northflank.convert import Place
from providers.northflank.source import Source, SourceKind
from providers.northflank.wire import WireNamed
from providers.paging import sheets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from providers.model import Pipeline
    from providers.northflank.calls import Calls
    from providers.northflank.settings import NorthflankSettings
    from providers.paging import Sheet

T = TypeVar("T")
Named = TypeVar("Named", bound=WireNamed)

MOST_SHEETS = 20
"""How many pages of a list of objects are read at the most."""


class Inventory:
    """Looks for pipelines, project by project."""

    def __init__(
        self, connection: str, settings: NorthflankSettings, calls: Calls
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._calls = calls

    async def pipelines(self, search: str, limit: int) -> Page[Pipeline]:
        """Return up to `limit` pipelines whose name holds `search`, case aside."""
        projects, left_out = await self._projects()
        found: list[Pipeline] = []
        refusal: ProviderError | None = None
        for project in projects:
            try:
                page = await self._of_project(project, search.casefold())
            except (Forbidden, NotFound) as error:
                # A project we may not read hides no other; it counts as left out.
                refusal, left_out = error, left_out + 1
                continue
            found += page.items
            left_out += page.left_out
            if len(found) > limit:
                break
        if refusal is not None and not found:
            raise refusal
        return Page(
            items=tuple(found[:limit]),
            next="more" if len(found) > limit else None,
            left_out=left_out,
        )

    def place(self, source: Source) -> Place:
        """Return where the runs of a source belong."""
        url = source.page(self._settings.web_team)
        return Place(self._connection, source, url, self._settings.zone)

    async def _projects(self) -> tuple[list[WireNamed], int]:
        """Return the projects to look at; those in the settings cost no call."""
        if chosen := self._settings.projects:
            return [WireNamed(id=ident) for ident in chosen], 0
        return await _all(self._calls.projects)

    async def _of_project(self, project: WireNamed, search: str) -> Page[Pipeline]:
        """Return the pipelines of a project whose name holds `search`."""
        kinds = set(self._settings.include)
        looks: list[Awaitable[Page[Pipeline]]] = []
        if SourceKind.RELEASE_FLOWS in kinds:
            looks.append(self._flows(project, search))
        if SourceKind.SERVICE_BUILDS in kinds:
            looks.append(self._services(project, search))
        if kinds & {SourceKind.JOB_RUNS, SourceKind.JOB_BUILDS}:
            looks.append(self._jobs(project, search))
        pages = await _together(looks)
        return Page(
            items=tuple(found for page in pages for found in page.items),
            left_out=sum(page.left_out for page in pages),
        )

    async def _flows(self, project: WireNamed, search: str) -> Page[Pipeline]:
        listed, left_out = await _all(
            lambda token: self._calls.pipelines(project.id, token)
        )
        # Sifted before they are asked for: each costs a call.
        wanted = [
            self._flow(project, pipeline, source)
            for pipeline in listed
            for source in self._stages(project, pipeline)
            if search in convert.name(source, pipeline.name).casefold()
        ]
        found = await _together(wanted)
        return Page(items=tuple(one for one in found if one), left_out=left_out)

    def _stages(self, project: WireNamed, pipeline: WireNamed) -> list[Source]:
        kind = SourceKind.RELEASE_FLOWS
        return [
            Source(kind=kind, project=project.id, object=pipeline.id, stage=stage)
            for stage in self._settings.stages
        ]

    async def _flow(
        self, project: WireNamed, pipeline: WireNamed, source: Source
    ) -> Pipeline | None:
        """Return a stage's release flow with its latest run, or `None` for no flow."""
        place = self.place(source)
        try:
            sheet = await self._calls.runs("list_pipelines", place)
        except NotFound:
            return None
        # Where more pages follow, only the order of this one can say what is newest.
        is_known = sheet.next is None or convert.is_newest_first(sheet.items)
        newest = convert.newest_first(sheet.items)[:1] if is_known else ()
        return convert.pipeline(
            place,
            pipeline.name,
            group=project.name or project.id,
            latest=newest[0] if newest else None,
        )

    async def _services(self, project: WireNamed, search: str) -> Page[Pipeline]:
        listed, left_out = await _all(
            lambda token: self._calls.services(project.id, token)
        )
        # A deployment service runs an image that is built elsewhere.
        building = [one for one in listed if one.serviceType != "deployment"]
        found = self._named(project, building, SourceKind.SERVICE_BUILDS)
        return _holding(search, found, left_out)

    async def _jobs(self, project: WireNamed, search: str) -> Page[Pipeline]:
        listed, left_out = await _all(lambda token: self._calls.jobs(project.id, token))
        found = [
            pipeline
            for kind in (SourceKind.JOB_RUNS, SourceKind.JOB_BUILDS)
            if kind in self._settings.include
            for pipeline in self._named(project, listed, kind)
        ]
        return _holding(search, found, left_out)

    def _named(
        self, project: WireNamed, objects: Collection[WireNamed], kind: SourceKind
    ) -> list[Pipeline]:
        return [
            convert.pipeline(
                self.place(Source(kind=kind, project=project.id, object=one.id)),
                one.name,
                group=project.name or project.id,
            )
            for one in objects
        ]


def _holding(search: str, found: list[Pipeline], left_out: int) -> Page[Pipeline]:
    kept = tuple(one for one in found if search in one.name.casefold())
    return Page(items=kept, left_out=left_out)


async def _all(
    fetch: Callable[[str | None], Awaitable[Sheet[Named]]],
) -> tuple[list[Named], int]:
    """Return what stands on all pages, and how many entries were left out."""
    found: list[Named] = []
    left_out = 0
    async for sheet in sheets(fetch, key=lambda one: one.id, most=MOST_SHEETS):
        found += sheet.items
        left_out += sheet.left_out
    return found, left_out


async def _together(looks: Collection[Awaitable[T]]) -> list[T]:
    """Wait for all, and only then raise the first error there was."""
    found = await asyncio.gather(*looks, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]
