"""The settings of a Northflank connection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from providers.northflank.source import SourceKind
from providers.settings import Address, ConnectionSettings, Secret

# Each becomes one segment of a path or of a pipeline's id.
Id = Annotated[str, Field(min_length=1, pattern=r"^[^/\s]+$")]


class NorthflankSettings(ConnectionSettings):
    """One team's access to Northflank."""

    kind: Literal["northflank"] = "northflank"

    token: Secret
    """An API token of the team."""

    projects: tuple[Id, ...] = ()
    """The ids of the projects to look at; none: all that the token may see."""

    team: Id | None = None
    """The team's id, where the token belongs to an organisation and not to a team."""

    web_team: Id | None = None
    """The team's id in the web console's addresses; without it there are no links."""

    # The documentation writes both `development` (examples of calls) and `Development`
    # (a pipeline's objects), and does not say which the server takes.
    stages: tuple[Id, ...] = ("development", "staging", "production")
    """The stages whose release flows are looked for, as the API wants them written."""

    include: Annotated[tuple[SourceKind, ...], Field(min_length=1)] = (
        SourceKind.RELEASE_FLOWS,
        SourceKind.SERVICE_BUILDS,
        SourceKind.JOB_RUNS,
    )
    """Which lists of runs are pipelines here."""

    # https://northflank.com/docs/v1/api/use-the-api: 1000 unless support raised it.
    requests_per_hour: int | None = Field(default=1000, ge=1)
    """The most requests in an hour; Northflank allows 1000 for a token."""

    base_url: Address = "https://api.northflank.com"
    """The address of the API; there is one for all regions."""
