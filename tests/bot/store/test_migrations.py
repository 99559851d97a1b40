"""The tables are made and brought up to date, from nothing and from every version."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot import records
from bot.store import StoreError, open_store
from bot.store.address import parse
from bot.store.engine import make_engine
from bot.store.migrate import migrate
from bot.store.tables import VERSION, metadata
from bot.store.versions import upgrade, versions
from tests.bot.store.samples import NOON, SHOP, a_delivery, a_watch
from tests.fakes.clock import FakeClock

# What may stand in a column of this name, where it is not any text.
_WORDS: dict[str, Any] = {
    "pipeline": str(SHOP),
    "run": f"{SHOP}#1",
    "ref": f"{SHOP}#1",
    "first_run": f"{SHOP}#1",
    "latest_run": f"{SHOP}#1",
    "event": "broken",
    "on": "broken,fixed",
    "style": "edit",
    "origin": "slack",
    "ruling": "ring",
    "kind": "card",
    "number": "7",
}
# All that a database says of its tables.
_SCHEMA = {
    "sqlite": ("SELECT type, name, tbl_name, sql FROM sqlite_master",),
    "postgresql": (
        """
        SELECT table_name, ordinal_position, column_name, data_type,
               character_maximum_length, column_default, is_nullable
        FROM information_schema.columns WHERE table_schema = 'public'
        """,
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        """,
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        """
        SELECT sequencename, data_type, increment_by FROM pg_sequences
        WHERE schemaname = 'public'
        """,
    ),
}
_STATES = {"outbox": {"state": "pending"}}
_ANY: dict[type, Any] = {str: "x", int: 1, bool: True, float: 1.5, datetime: NOON}


@asynccontextmanager
async def engine_on(url: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(parse(url))
    try:
        yield engine
    finally:
        await engine.dispose()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def tables_of(connection: AsyncConnection) -> list[Table]:
    """Return the tables as they are in the database, those referred to first."""
    found = MetaData()
    await connection.run_sync(found.reflect)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


async def schema_of(engine: AsyncEngine) -> list[list[tuple[Any, ...]]]:
    """Return all that the database says of its tables, and the version noted in it."""
    noted = "SELECT version_num FROM alembic_version"
    async with engine.connect() as connection:
        return [
            sorted(map(_in_order, await connection.execute(text(question))), key=str)
            for question in (*_SCHEMA[engine.dialect.name], noted)
        ]


def _in_order(row: Iterable[Any]) -> tuple[Any, ...]:
    """Sort what a table is made of: a column that came later stands at its end."""
    return tuple(
        sorted(re.split(r",\s*(?![^(]*\))", said.partition("(")[2].rpartition(")")[0]))
        if isinstance(said, str) and said.startswith("CREATE TABLE")
        else said
        for said in row
    )


async def by_steps(engine: AsyncEngine, to: str = "head") -> None:
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, to)


def some_row(table: Table) -> dict[str, Any]:
    """Return a row with something in every column that does not count by itself."""
    row = {
        column.name: _WORDS.get(column.name, _ANY.get(column.type.python_type))
        for column in table.columns
        if (table.name, column.name) != ("outbox", "id")
    }
    return row | _STATES.get(table.name, {})


async def test_tables_and_migrations_agree(empty_url: str) -> None:
    async with engine_on(empty_url) as engine:
        await by_steps(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_tables_made_at_once_are_those_that_every_step_leads_to(
    empty_url: str,
) -> None:
    async with engine_on(empty_url) as engine:
        await migrate(engine)
        at_once = await schema_of(engine)
        async with engine.begin() as connection:
            for table in reversed(await tables_of(connection)):
                await connection.run_sync(table.drop)
            await connection.execute(text("DROP TABLE alembic_version"))
        await by_steps(engine)
        assert await schema_of(engine) == at_once
    assert len(at_once[0]) > len(metadata.tables)


async def test_a_process_holds_no_library_that_its_store_does_not_need(
    empty_url: str, dialect: str
) -> None:
    # A new store, and one that is up to date: what was imported stays for good.
    start = f"""
import asyncio, sys
import bot.cli
from bot.clock import SystemClock
from bot.store import open_store

async def opened():
    async with open_store({empty_url!r}, clock=SystemClock()):
        pass

for _ in range(2):
    asyncio.run(opened())
print(*({{"alembic", "mako", "asyncpg"}} & set(sys.modules)))
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", start), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.decode().split() == (["asyncpg"] if dialect == "postgresql" else [])


@pytest.mark.parametrize("version", versions())
async def test_a_store_of_any_version_is_brought_up_to_date_with_all_it_holds(
    empty_url: str, version: str
) -> None:
    async with engine_on(empty_url) as engine:
        await by_steps(engine, version)
        async with engine.begin() as connection:
            before = await tables_of(connection)
            assert before
            for table in before:
                await connection.execute(insert(table), some_row(table))
    async with open_store(empty_url, clock=FakeClock()) as store:
        async with store.read() as tx:
            assert await tx.connection.run_sync(differences) == []
            for table in metadata.sorted_tables:
                if table.name in {old.name for old in before}:
                    count = select(func.count()).select_from(table)
                    assert await tx.connection.scalar(count) == 1, table.name
            # What was written then can be read now.
            for table in metadata.sorted_tables:
                await tx.connection.execute(select(table))
        async with store.write() as tx:
            assert await tx.watches.add(a_watch())
            await tx.outbox.add([a_delivery()])


async def test_opening_twice_changes_nothing(url: str) -> None:
    async with (
        open_store(url, clock=FakeClock()) as store,
        store.write() as tx,
    ):
        await tx.watches.add(a_watch())
    async with open_store(url, clock=FakeClock()) as store, store.read() as tx:
        assert await tx.watches.all() == [a_watch()]


async def test_replicas_that_start_together_make_the_tables_once(
    empty_url: str, dialect: str
) -> None:
    async def start() -> str:
        async with open_store(empty_url, clock=FakeClock()) as store:
            async with store.read() as tx:
                await tx.watches.all()
            return "started"

    outcomes = await asyncio.gather(
        *(start() for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, StoreError)]
    # On SQLite one process alone may have the file; on PostgreSQL all start.
    assert len(refused) == (3 if dialect == "sqlite" else 0)
    assert outcomes.count("started") == 4 - len(refused)


async def test_a_store_of_a_newer_runbell_is_refused_and_left_alone(
    empty_url: str,
) -> None:
    url = empty_url
    async with open_store(url, clock=FakeClock()) as store, store.write() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num='9'"))
    with pytest.raises(StoreError, match=r"version 9, .* newer Runbell"):
        async with open_store(url, clock=FakeClock()):
            pass
    async with engine_on(url) as engine, engine.connect() as connection:
        version = text("SELECT version_num FROM alembic_version")
        assert await connection.scalar(version) == "9"


async def test_a_migration_that_fails_leaves_the_store_as_it_was(
    empty_url: str,
) -> None:
    async with engine_on(empty_url) as engine:
        async with engine.begin() as connection:
            # The last of the tables that the first version makes.
            await connection.execute(text("CREATE TABLE verdicts (id INTEGER)"))
        with pytest.raises(Exception, match="already exists"):
            await migrate(engine)
        async with engine.connect() as connection:
            assert [table.name for table in await tables_of(connection)] == ["verdicts"]


def test_versions_are_one_line_from_the_first_to_the_last() -> None:
    assert versions()[0] == "0001"
    assert versions()[-1] == VERSION
    assert versions() == sorted(versions())
    assert all(re.fullmatch(r"\d{4}", version) for version in versions())


def test_every_field_of_every_record_has_its_column() -> None:
    tables = {
        "watches": records.Watch,
        "mutes": records.Mute,
        "happenings": records.Happening,
        "verdicts": records.Verdict,
        "incidents": records.Incident,
        "outbox": records.Delivery,
        "channels": records.ChannelState,
        "lanes": records.Lane,
        "runs": records.PastRun,
        "follows": records.Follow,
        "unreadable": records.Unreadable,
    }
    for name, record in tables.items():
        missing = {field.name for field in fields(record)} - set(
            metadata.tables[name].columns.keys()
        )
        assert missing == set(), name
    assert set(tables) | {"lineages", "revisions"} == set(metadata.tables)
