"""Kind → provider: the one line that a new provider adds.

Others can ship a provider as a package of their own: an entry point of the group
`runbell.providers` that names a `providers.kind.Kind`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from providers import codearts_check, codearts_pipeline, northflank, nsml, yunxiao
from providers.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY_POINTS = "runbell.providers"

BUILT_IN = (
    nsml.KIND,
    yunxiao.KIND,
    codearts_check.KIND,
    codearts_pipeline.KIND,
    northflank.KIND,
)


def kinds() -> Mapping[str, Kind]:
    """Return every kind of provider there is, by its name in the configuration.

    Raises:
        TypeError: an installed package offers something else than a `Kind`.

    """
    found = {kind.name: kind for kind in BUILT_IN}
    for entry in entry_points(group=ENTRY_POINTS):
        kind = entry.load()
        if not isinstance(kind, Kind):
            msg = f"the entry point {entry.value} is not a providers.kind.Kind"
            raise TypeError(msg)
        found.setdefault(kind.name, kind)
    return found
