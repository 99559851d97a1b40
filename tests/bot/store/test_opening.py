"""Opening the store: what it needs, what it refuses, and in which words."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it has no types
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from typing_extensions import override

from bot.store import Store, StoreError, open_store
from bot.store.address import Dialect, parse
from bot.store.errors import Unreachable
from tests.bot.store.samples import a_watch
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import Postgres

PASSWORD = "xoxb-correct-horse"  # obviously fake


async def opened(url: str, clock: FakeClock | None = None) -> None:
    async with open_store(url, clock=clock or FakeClock()):
        pass


@pytest.mark.parametrize(
    ("url", "dialect", "place"),
    [
        ("sqlite:///runbell.db", Dialect.SQLITE, "runbell.db"),
        ("sqlite+aiosqlite:////var/lib/r.db", Dialect.SQLITE, "/var/lib/r.db"),
        (
            f"postgresql://runbell:{PASSWORD}@db.example.com:5433/watch?sslmode=require",
            Dialect.POSTGRESQL,
            "PostgreSQL at db.example.com, database 'watch'",
        ),
        (
            f"postgres://runbell:{PASSWORD}@db/watch",
            Dialect.POSTGRESQL,
            "PostgreSQL at db, database 'watch'",
        ),
        (
            f"postgresql://runbell:{PASSWORD}@[::1]:5432,db2:5432/watch",
            Dialect.POSTGRESQL,
            "PostgreSQL at [::1], db2, database 'watch'",
        ),
        (
            f"postgresql+asyncpg:///watch?password={PASSWORD}",
            Dialect.POSTGRESQL,
            "PostgreSQL at the local socket, database 'watch'",
        ),
    ],
)
def test_a_url_says_which_database_and_shows_no_password(
    url: str, dialect: Dialect, place: str
) -> None:
    address = parse(url)
    assert (address.dialect, address.place) == (dialect, place)
    assert PASSWORD not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "runbell.db",
        f"mysql://runbell:{PASSWORD}@db/watch",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///runbell.db?mode=ro",
        f"postgresql://runbell:{PASSWORD}@more@db/watch",
        f"postgresql://runbell:slash/{PASSWORD}@db/watch",
        f"postgresql://runbell:mark?{PASSWORD}@db/watch",
        f"postgresql://runbell:hash#{PASSWORD}@db/watch",
        f"postgresql://runbell:hash#{PASSWORD}",
        f"postgresql://runbell:{PASSWORD}/watch",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        parse(url)
    assert PASSWORD not in str(caught.value)


async def test_a_second_process_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runbell.db"
    async with open_store(url, clock=FakeClock()):
        with pytest.raises(StoreError, match=r"in use .* \(process \d+\)"):
            await opened(url)
    await opened(url)


async def test_a_file_is_the_same_by_whatever_path(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "runbell.db")
    async with open_store(f"sqlite:///{tmp_path}/runbell.db", clock=FakeClock()):
        with pytest.raises(StoreError, match="in use"):
            await opened(f"sqlite:///{tmp_path}/link.db")


async def test_a_folder_is_made_and_the_file_with_it(tmp_path: Path) -> None:
    await opened(f"sqlite:///{tmp_path}/data/runbell.db")
    assert (tmp_path / "data" / "runbell.db").exists()


async def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot open the store .*data"):
        await opened(f"sqlite:///{tmp_path}/data/runbell.db")


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "runbell.db"
    path.write_text("watches:\n" * 1000)
    with pytest.raises(StoreError, match=r"cannot open the store .*not a database"):
        await opened(f"sqlite:///{path}")
    assert path.read_text() == "watches:\n" * 1000


async def test_a_store_is_kept_so_that_a_power_cut_loses_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "runbell.db"
    async with (
        open_store(f"sqlite:///{path}", clock=FakeClock()) as store,
        store.read() as tx,
    ):
        asked = {
            pragma: (
                await tx.connection.exec_driver_sql(f"PRAGMA {pragma}")
            ).scalar_one()
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
    # https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL.
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_backup_can_be_taken_while_it_runs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runbell.db"
    async with open_store(url, clock=FakeClock()) as store:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
        source = sqlite3.connect(tmp_path / "runbell.db")
        target = sqlite3.connect(tmp_path / "backup.db")
        source.backup(target)
        source.close()
        target.close()
    async with (
        open_store(f"sqlite:///{tmp_path}/backup.db", clock=FakeClock()) as store,
        store.read() as tx,
    ):
        assert await tx.watches.all() == [a_watch()]


async def test_what_is_shared_can_be_told_from_what_is_not(
    url: str, server: Postgres | None
) -> None:
    async with open_store(url, clock=FakeClock()) as store:
        assert (store.shared_url is None) == (server is None)
        assert store.place in parse(url).place
        if store.shared_url is not None:
            connection = await asyncpg.connect(store.shared_url)
            assert await connection.fetchval("SELECT count(*) FROM watches") == 0
            await connection.close()


async def test_a_database_that_does_not_answer_is_waited_for_and_then_named(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    url = f"postgresql://runbell:{PASSWORD}@/watch?host={tmp_path}"
    with capture_logs() as logs, pytest.raises(StoreError) as caught:
        await opened(url, clock)
    assert clock.slept == [timedelta(seconds=1)] * 30
    assert [line["event"] for line in logs] == ["waiting for the store"]
    assert "no answer from PostgreSQL at the local socket" in str(caught.value)
    assert PASSWORD not in f"{caught.value} {logs}"


@pytest.mark.parametrize("asked", [3, 100])
async def test_a_database_that_starts_meanwhile_is_opened(
    postgres: Postgres, asked: int
) -> None:
    async with postgres.database() as url:
        hidden = postgres.folder / "hidden"
        socket = postgres.folder / ".s.PGSQL.5432"

        class Patient(FakeClock):
            """When it was asked for so often, it is there."""

            @override
            async def sleep(self, duration: timedelta) -> None:
                await super().sleep(duration)
                if len(self.slept) == asked:
                    hidden.rename(socket)

        clock = Patient()
        socket.rename(hidden)
        try:
            with capture_logs() as logs:
                async with open_store(url, clock=clock, patience=None):
                    pass
        finally:
            if hidden.exists():
                hidden.rename(socket)
    assert len(clock.slept) == asked
    said = [line["event"] for line in logs]
    assert said == ["waiting for the store", "the store answers"]


@pytest.mark.parametrize(
    ("user", "database", "words"),
    [
        ("runbell", "nowhere", r"refused by .*does not exist; make the database"),
        ("stranger", "postgres", r"refused by .*does not exist; see to user"),
    ],
)
async def test_who_is_refused_is_told_so_at_once_and_what_to_do(
    postgres: Postgres, user: str, database: str, words: str
) -> None:
    clock = FakeClock()
    url = postgres.url(database).replace("runbell@", f"{user}:{PASSWORD}@")
    with pytest.raises(StoreError, match=words) as caught:
        async with open_store(url, clock=clock, patience=None):
            pass
    assert PASSWORD not in str(caught.value)
    assert clock.slept == []


async def test_a_line_that_breaks_is_told_from_a_refusal(postgres: Postgres) -> None:
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")
    async with postgres.database() as url, open_store(url, clock=FakeClock()) as store:
        with pytest.raises(Unreachable):
            async with store.read() as tx:
                await tx.connection.execute(end)
        with pytest.raises(StoreError) as caught:
            async with store.read() as tx:
                await tx.connection.execute(text("SELECT no_such_column"))
        assert not isinstance(caught.value, Unreachable)


async def test_what_asyncpg_cannot_read_is_not_repeated() -> None:
    with pytest.raises(StoreError, match="cannot be read") as caught:
        await opened(f"postgresql://runbell@db/watch?sslmode={PASSWORD}")
    assert PASSWORD not in str(caught.value)


async def test_a_full_disk_is_an_error_that_keeps_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runbell.db"

    async def fill(store: Store) -> None:
        async with store.write() as tx:
            # As if the disk had room for no page more.
            await tx.connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for n in range(1000):
                await tx.watches.add(a_watch(f"w{n}", target="x" * 1000))

    async with open_store(url, clock=FakeClock()) as store:
        with pytest.raises(StoreError, match="full"):
            await fill(store)
        async with store.read() as tx:
            assert await tx.watches.all() == []
