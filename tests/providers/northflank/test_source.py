"""A pipeline id says what it is, and so does the name of a log."""

from __future__ import annotations

import pytest

from providers.northflank.source import LogSource, Source, SourceKind

IDS = {
    "shop/pipelines/release/production": SourceKind.RELEASE_FLOWS,
    "shop/services/web": SourceKind.SERVICE_BUILDS,
    "shop/jobs/migrate": SourceKind.JOB_RUNS,
    "shop/jobs/migrate/builds": SourceKind.JOB_BUILDS,
}


@pytest.mark.parametrize(("ident", "kind"), IDS.items())
def test_an_id_is_read_back_as_it_was_written(ident: str, kind: SourceKind) -> None:
    source = Source.parse(ident)

    assert source is not None
    assert source.kind is kind
    assert source.project == "shop"
    assert source.id == ident


@pytest.mark.parametrize(
    "ident",
    ["", "shop", "shop/services", "shop/pipelines/release", "shop/addons/db", "a/b/c"],
)
def test_what_is_no_id_of_ours_is_nothing(ident: str) -> None:
    assert Source.parse(ident) is None


@pytest.mark.parametrize(
    ("ident", "page"),
    [
        ("shop/pipelines/release/production", "pipelines/release"),
        ("shop/services/web", "services/web"),
        ("shop/jobs/migrate", "jobs/migrate"),
        ("shop/jobs/migrate/builds", "jobs/migrate"),
    ],
)
def test_there_is_a_page_only_where_the_team_is_known(ident: str, page: str) -> None:
    source = Source.parse(ident)

    assert source is not None
    assert source.page(None) is None
    address = f"https://app.northflank.com/t/acme/project/shop/{page}"
    assert source.page("acme") == address


def test_a_log_is_read_back_as_it_was_written() -> None:
    log = LogSource(
        kind=SourceKind.SERVICE_BUILDS, project="shop", object="web", run="b-1"
    )

    assert log.text == "service-builds/shop/web/b-1"
    assert LogSource.parse(log.text) == log


@pytest.mark.parametrize("part", ["", "..", "a/b", "${refs.build.id}"])
def test_what_is_no_id_names_no_log(part: str) -> None:
    log = LogSource(
        kind=SourceKind.JOB_RUNS, project="shop", object="migrate", run=part
    )

    assert log.text is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job-runs",
        "job-runs/shop/migrate",
        "job-runs/shop/migrate/1/2",
        "job-runs/shop/../1",
        "release-flows/shop/release/1",
        "secrets/shop/db/1",
    ],
)
def test_what_is_no_log_of_ours_is_nothing(text: str) -> None:
    assert LogSource.parse(text) is None
