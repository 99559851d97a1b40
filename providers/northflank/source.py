"""What a pipeline id stands for: the four lists of runs that a project has; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

WEB = "https://app.northflank.com"

_SLUG = re.compile(r"[A-Za-z0-9-]+")
"""The form of the vendor's ids; a reference such as `${refs.build.id}` is none."""


class SourceKind(StrEnum):
    """Which list of runs; the value is the word in the settings."""

    RELEASE_FLOWS = "release-flows"
    SERVICE_BUILDS = "service-builds"
    JOB_RUNS = "job-runs"
    JOB_BUILDS = "job-builds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One list of runs: of a stage of a pipeline, of a service or of a job.

    Its id is the vendor's own path, as people see it in the web console:
    `shop/pipelines/release/production`, `shop/services/web`, `shop/jobs/migrate`; the
    builds of a job are `shop/jobs/migrate/builds`.
    """

    kind: SourceKind
    project: str
    object: str
    """The id of the pipeline, the service or the job."""
    stage: str | None = None

    @property
    def id(self) -> str:
        """The text that `parse` reads back."""
        match self.kind:
            case SourceKind.RELEASE_FLOWS:
                return f"{self.project}/pipelines/{self.object}/{self.stage}"
            case SourceKind.SERVICE_BUILDS:
                return f"{self.project}/services/{self.object}"
            case SourceKind.JOB_RUNS:
                return f"{self.project}/jobs/{self.object}"
            case SourceKind.JOB_BUILDS:
                return f"{self.project}/jobs/{self.object}/builds"

    @property
    def parts(self) -> tuple[str, ...]:
        """What fills the vendor's path, from left to right."""
        found = (self.project, self.object)
        return found if self.stage is None else (*found, self.stage)

    @classmethod
    def parse(cls, ident: str) -> Source | None:
        """Return what an id stands for, or `None` where it is none of ours."""
        match ident.split("/"):
            case [project, "pipelines", name, stage]:
                kind = SourceKind.RELEASE_FLOWS
                return cls(kind=kind, project=project, object=name, stage=stage)
            case [project, "services", name]:
                kind = SourceKind.SERVICE_BUILDS
            case [project, "jobs", name]:
                kind = SourceKind.JOB_RUNS
            case [project, "jobs", name, "builds"]:
                kind = SourceKind.JOB_BUILDS
            case _:
                return None
        return cls(kind=kind, project=project, object=name)

    def page(self, web_team: str | None) -> str | None:
        """Return the page people open, where it is known whose team it is in.

        Runs have no page of their own that anyone has described, so theirs is that of
        the pipeline, the service or the job.
        """
        if web_team is None:
            return None
        place = {
            SourceKind.RELEASE_FLOWS: "pipelines",
            SourceKind.SERVICE_BUILDS: "services",
        }.get(self.kind, "jobs")
        parts = ("t", web_team, "project", self.project, place, self.object)
        return "/".join((WEB, *(quote(part, safe="") for part in parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """Whose log it is: of one build or one job run; written as `Task.log`."""

    kind: SourceKind
    project: str
    object: str
    run: str

    @property
    def text(self) -> str | None:
        """The text that `parse` reads back; `None` where a part is no id."""
        parts = (self.project, self.object, self.run)
        if not all(is_id(part) for part in parts):
            return None
        return "/".join((self.kind, *parts))

    @classmethod
    def parse(cls, text: str) -> LogSource | None:
        """Read back what `text` wrote, or return `None`."""
        kind, *parts = text.split("/")
        kinds = set(SourceKind) - {SourceKind.RELEASE_FLOWS}
        if kind not in kinds or not all(is_id(part) for part in parts):
            return None
        match parts:
            case [project, owner, run]:
                return cls(
                    kind=SourceKind(kind), project=project, object=owner, run=run
                )
            case _:
                return None


def is_id(text: str) -> bool:
    """Return whether this is an id of the vendor's, and not a reference to one."""
    return _SLUG.fullmatch(text) is not None
