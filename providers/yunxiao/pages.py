"""Yunxiao Flow's pages, as people paste them; pure."""

from __future__ import annotations

import re

from providers.model import PipelineRef, RunRef

# The forms that users report: .../pipelines/1233/current, .../pipelines/1233/builds/11
_PAGE = re.compile(r"/pipelines/(\d+)(?:/builds/(\d+))?(?:[/?#].*)?")


def located(connection: str, url: str, site: str | None) -> RunRef | PipelineRef | None:
    """Return what a page is about; `None` where it is not on this connection's site."""
    if site is None or not url.startswith(f"{site}/"):
        return None
    found = _PAGE.fullmatch(url.removeprefix(site))
    if found is None:
        return None
    pipeline = PipelineRef(connection, found[1])
    return RunRef(pipeline, found[2]) if found[2] else pipeline
