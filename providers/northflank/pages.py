"""Northflank's pages, as people paste them; pure."""

from __future__ import annotations

import re

from providers.model import PipelineRef
from providers.northflank.source import WEB, Source, SourceKind

_PAGE = re.compile(r"/[^/]+/project/([^/?#]+)/(services|jobs)/([^/?#]+)(?:[/?#].*)?")
_KINDS = {"services": SourceKind.SERVICE_BUILDS, "jobs": SourceKind.JOB_RUNS}


def located(connection: str, url: str, projects: tuple[str, ...]) -> PipelineRef | None:
    """Return the service or job a page is about.

    `None` for any other page: that of a pipeline does not say which stage is meant, and
    runs have no page of their own. With `projects`, only theirs are ours.
    """
    if not url.startswith(f"{WEB}/t/"):
        return None
    found = _PAGE.fullmatch(url.removeprefix(f"{WEB}/t"))
    if found is None or (projects and found[1] not in projects):
        return None
    source = Source(kind=_KINDS[found[2]], project=found[1], object=found[3])
    return PipelineRef(connection, source.id)
