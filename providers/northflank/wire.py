"""Northflank's JSON, in its own names.

https://northflank.com/docs/v1/api/introduction; the page of each endpoint is named at
its shape. What its schema calls required has been seen to be missing in its examples,
so only ids are required here. A value whose shape is not documented is `OrNone`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from providers.shapes import Items, OrNone, WireModel

T = TypeVar("T")


class WirePagination(WireModel):
    """The end of every list; `count` is that of this page only, and not used."""

    hasNextPage: bool | None = None
    cursor: str | None = None


class Envelope(WireModel, Generic[T]):
    """What every answer is wrapped in."""

    data: T
    pagination: WirePagination = WirePagination()


class WireNamed(WireModel):
    """A project, pipeline or job in its list: `.../list-projects` and so on."""

    id: str
    name: str | None = None


class WireService(WireNamed):
    """A service in the list of a project: `.../list-services`."""

    serviceType: str | None = None


class WireFlowRun(WireModel):
    """A run of a release flow: `.../list-release-flow-runs`."""

    id: str
    name: str | None = None
    description: str | None = None
    status: str | None = None
    concluded: bool | None = None
    createdAt: str | None = None
    startedAt: str | None = None
    concludedAt: str | None = None
    updatedAt: str | None = None


class WireRegistry(WireModel):
    """Where the image of a build is kept."""

    uri: str | None = None


class WireBuild(WireModel):
    """A build of a service or a job: `.../list-service-builds`, `.../list-job-builds`.

    `buildConcludedAt` is a number of seconds, all other times are text.
    """

    id: str
    branch: str | None = None
    pullRequestId: str | None = None
    status: str | None = None
    sha: str | None = None
    registry: OrNone[WireRegistry] = None
    concluded: bool | None = None
    createdAt: str | None = None
    message: str | None = None
    buildConcludedAt: str | None = None


class WireJobRun(WireModel):
    """A run of a job: `.../get-job-runs`."""

    id: str
    runName: str | None = None
    status: str | None = None
    concluded: bool | None = None
    startedAt: str | None = None
    concludedAt: str | None = None


class WireNodeError(WireModel):
    """Why a node failed."""

    message: str | None = None


class WireRetries(WireModel):
    """How often a node was tried."""

    attempts: int | None = None
    maxAttempts: int | None = None


class WireProduct(WireModel):
    """What a node made; its shape is not documented, the names are those of a build."""

    id: OrNone[str] = None
    sha: OrNone[str] = None
    branch: OrNone[str] = None


class WireResponse(WireModel):
    """How a node went; its times are seconds since 1970."""

    status: str | None = None
    error: OrNone[WireNodeError | str] = None
    retries: OrNone[WireRetries] = None
    startTime: OrNone[str] = None
    endTime: OrNone[str] = None
    data: OrNone[WireProduct] = None


class WireSpec(WireModel):
    """What a node is to do: the steps of a workflow, the object of a build or a job.

    Environments, arguments and commands are left where they are: they hold secrets.
    """

    steps: Items[WireNode] | None = None
    projectId: OrNone[str] = None
    id: OrNone[str] = None
    jobId: OrNone[str] = None
    type: OrNone[str] = None


class WireNode(WireModel):
    """A node of a release flow's tree: `.../get-release-flow-run-details`."""

    kind: str | None = None
    ref: OrNone[str] = None
    spec: OrNone[WireSpec] = None
    skipNodeExecution: OrNone[str] = None
    response: WireResponse | None = None


class WireOptions(WireModel):
    """How a release flow meets a second run while one is under way."""

    concurrencyPolicy: str | None = None


class WireGitOps(WireModel):
    """Where the definition of a release flow is kept; not what the flow releases."""

    repoUrl: str | None = None
    branch: str | None = None
    filePath: str | None = None


class WireFlowRunDetail(WireFlowRun):
    """One run of a release flow in full."""

    arguments: OrNone[dict[str, Any]] = None
    options: OrNone[WireOptions] = None
    gitops: OrNone[WireGitOps] = None
    spec: WireNode | None = None


class WireLogLine(WireModel):
    """A line of a log; `log` is text or an object."""

    log: Any = None
    ts: str | None = None


class WireRole(WireModel):
    """The role of a token."""

    name: str | None = None


class WireAuth(WireModel):
    """Who a token is: `.../get-current-authentication-info`."""

    id: str | None = None
    name: str | None = None
    entityId: str | None = None
    entityType: str | None = None
    role: OrNone[WireRole] = None
    expiresAt: str | None = None


class WireProjects(WireModel):
    """The projects of a page."""

    projects: Items[WireNamed] | None = None


class WirePipelines(WireModel):
    """The pipelines of a page."""

    pipelines: Items[WireNamed] | None = None


class WireServices(WireModel):
    """The services of a page."""

    services: Items[WireService] | None = None


class WireJobs(WireModel):
    """The jobs of a page."""

    jobs: Items[WireNamed] | None = None


class WireFlowRuns(WireModel):
    """The runs of a release flow on a page; the list may be left out."""

    runs: Items[WireFlowRun] | None = None


class WireBuilds(WireModel):
    """The builds of a page."""

    builds: Items[WireBuild] | None = None


class WireJobRuns(WireModel):
    """The runs of a job on a page."""

    runs: Items[WireJobRun] | None = None


class WireLogLines(WireModel):
    """The other form of a log, which the vendor's own client reads too."""

    logs: Items[WireLogLine] | None = None


PROJECTS = TypeAdapter(Envelope[WireProjects])
PIPELINES = TypeAdapter(Envelope[WirePipelines])
SERVICES = TypeAdapter(Envelope[WireServices])
JOBS = TypeAdapter(Envelope[WireJobs])
FLOW_RUNS = TypeAdapter(Envelope[WireFlowRuns])
FLOW_RUN = TypeAdapter(Envelope[WireFlowRunDetail])
BUILDS = TypeAdapter(Envelope[WireBuilds])
BUILD = TypeAdapter(Envelope[WireBuild])
JOB_RUNS = TypeAdapter(Envelope[WireJobRuns])
JOB_RUN = TypeAdapter(Envelope[WireJobRun])
LOG = TypeAdapter(Envelope[Items[WireLogLine] | WireLogLines])
AUTH = TypeAdapter(Envelope[WireAuth])
