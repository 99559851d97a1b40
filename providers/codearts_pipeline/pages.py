"""CodeArts Pipeline's pages, as people paste them; pure."""

from __future__ import annotations

import re

from providers.model import PipelineRef, RunRef

# The console's host differs by site and time; the project's id tells whose page it is.
# As links in public repositories have it: the documentation has no pattern.
_PAGE = re.compile(
    r"https?://[^/]+/cicd/project/(?P<project>\w{32})/pipeline/"
    r"(?:detail/(?P<of>\w{32})/(?P<run>\w{32})|history/(?P<pipeline>\w{32}))"
    r"(?:[/?#].*)?"
)


def located(connection: str, url: str, project: str) -> RunRef | PipelineRef | None:
    """Return what a page is about; `None` where it is not of this project."""
    found = _PAGE.fullmatch(url)
    if found is None or found["project"] != project:
        return None
    if found["run"]:
        return RunRef(PipelineRef(connection, found["of"]), found["run"])
    return PipelineRef(connection, found["pipeline"])
