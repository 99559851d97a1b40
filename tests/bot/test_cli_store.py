"""The command line's part for the store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from typer.testing import CliRunner, Result

from bot.cli import cli
from bot.clock import SystemClock
from bot.records import Origin, Watch
from bot.settings import load
from bot.setup.findings import FINE, TROUBLE, WRONG
from bot.store import open_store
from bot.store.lock import alone_with
from providers.registry import kinds
from tests.bot.store.samples import a_watch
from tests.fakes.postgres import Postgres

T = TypeVar("T")

CONFIG = """
connections:
  flow: {kind: northflank, token: "${NORTHFLANK_TOKEN}"}
"""
SLACK = a_watch("w1", channel="C0123456")
FILED = a_watch("w2", target="flow", origin=Origin.FILE)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NORTHFLANK_TOKEN", "nf-fake-token")
    monkeypatch.delenv("RUNBELL_DATABASE_URL", raising=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "runbell.yml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The store beside the configuration, with a watch of each origin."""
    file = tmp_path / "runbell.db"

    async def fill() -> None:
        async with (
            open_store(f"sqlite:///{file}", clock=SystemClock()) as store,
            store.write() as tx,
        ):
            await tx.watches.add(SLACK)
            await tx.watches.add(FILED)

    run(fill())
    return file


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own, which leaves that of the tests alone."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


def typed(config: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "-c", str(config)])


async def watches_of(url: str) -> list[Watch]:
    async with open_store(url, clock=SystemClock()) as store, store.read() as tx:
        return await tx.watches.all()


def test_the_store_is_made_and_brought_up_to_date(config: Path) -> None:
    file = config.with_name("runbell.db")
    result = typed(config, "db", "upgrade")

    assert result.exit_code == FINE, result.output
    assert result.output == f"The store is up to date: {file}\n"
    assert file.exists()


def test_a_store_that_is_in_use_is_neither_changed_nor_opened(
    config: Path, database: Path
) -> None:
    with alone_with(database):
        result = typed(config, "db", "upgrade")

    assert result.exit_code == TROUBLE
    assert "is in use by another Runbell" in result.output


def test_a_running_bots_store_is_backed_up(config: Path, database: Path) -> None:
    copy = config.with_name("copy.db")
    with alone_with(database):
        result = typed(config, "db", "backup", str(copy))

    assert result.exit_code == FINE, result.output
    assert run(watches_of(f"sqlite:///{copy}")) == [SLACK, FILED]
    again = typed(config, "db", "backup", str(copy))
    assert again.exit_code == TROUBLE
    assert "File exists" in again.output


def test_an_export_is_a_part_of_the_file_that_can_be_pasted(
    config: Path, database: Path
) -> None:
    with alone_with(database):
        result = typed(config, "watches", "export")

    assert result.exit_code == FINE, result.output
    config.write_text(f"{CONFIG}{result.output}", encoding="utf-8")
    (watch,) = load(config, os.environ, kinds()).watches
    assert (watch.target, watch.channel) == (SLACK.target, SLACK.channel)
    assert watch.filters == SLACK.filters


def test_where_no_watch_was_made_in_slack_that_is_said(config: Path) -> None:
    typed(config, "db", "upgrade")
    result = typed(config, "watches", "export")

    assert result.exit_code == FINE
    assert result.output == "# No watch was made in Slack.\n"


def test_without_a_store_there_is_nothing_to_export_and_none_is_made(
    config: Path,
) -> None:
    result = typed(config, "watches", "export")

    assert result.exit_code == TROUBLE
    assert "there is no store" in result.output
    assert [file.name for file in config.parent.iterdir()] == [config.name]


def test_a_store_moves_to_postgresql(
    postgres: Postgres, config: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(postgres.execute("CREATE DATABASE moved"))
    url = postgres.url("moved")
    monkeypatch.setenv("RUNBELL_DATABASE_URL", url)
    result = typed(config, "db", "copy", str(database))

    assert result.exit_code == FINE, result.output
    assert "        2  watches\n" in result.output
    assert "Copied into PostgreSQL at " in result.output
    assert run(watches_of(url)) == [SLACK, FILED]
    exported = typed(config, "watches", "export")
    assert f"target: {SLACK.target}\n" in exported.output
    again = typed(config, "db", "copy", str(database))
    assert again.exit_code == TROUBLE
    assert "is not empty" in again.output


def test_a_store_is_not_copied_into_itself(config: Path, database: Path) -> None:
    result = typed(config, "db", "copy", str(database))

    assert result.exit_code == WRONG
    assert "is the configured store itself; export RUNBELL_DATABASE_URL" in (
        result.output
    )


def test_a_store_that_is_not_there_is_not_copied(config: Path) -> None:
    result = typed(config, "db", "copy", str(config.with_name("none.db")))

    assert result.exit_code == WRONG
    assert "does not exist" in result.output


def test_a_wrong_configuration_is_told_with_its_lines(config: Path) -> None:
    config.write_text("watch: {idle: 0}\n" + CONFIG, encoding="utf-8")
    result = typed(config, "watches", "export")

    assert result.exit_code == WRONG
    assert "runbell.yml:1: watch.idle: " in result.output
