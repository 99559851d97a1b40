"""CodeArts Check's pages, as people paste them; pure."""

from __future__ import annotations

import re

from providers.model import PipelineRef

# As links in public repositories have it: the documentation has no pattern.
_PAGE = re.compile(
    r"https?://[^/]+/codecheck/project/(\w{32})/codecheck/task/(\w{32})(?:[/?#].*)?"
)


def located(connection: str, url: str, project: str) -> PipelineRef | None:
    """Return the task a page is about; `None` where it is not of this project."""
    found = _PAGE.fullmatch(url)
    if found is None or found[1] != project:
        return None
    return PipelineRef(connection, found[2])
