"""What the rooms of a transaction have in common: records in, records out.

A record's field is the column of the same name; `lineage` alone becomes three columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from hashlib import blake2b
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from bot.records import Lineage
from bot.store.types import bearable

R = TypeVar("R")
T = TypeVar("T")

Row = dict[str, Any]
Order = Sequence[ColumnElement[Any]]
Upsert = sqlite.Insert | postgresql.Insert

# How many values stand in one statement; SQLite bears 32,766, and few sizes mean few
# plans.
MOST_AT_ONCE = 500

_INSERTS: dict[str, Callable[[Table], Upsert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def digest(lineage: Lineage) -> str:
    """Return a short text that stands for a lineage; the same one every time."""
    # Neither half can hold a line feed that is not the one between them: an address
    # escapes it, so the first one ends the address.
    text = f"{lineage.pipeline}\n{bearable(lineage.line)}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Room(Generic[R]):
    """The records of one sort, within a transaction."""

    _record: ClassVar[type[Any]]
    _table: ClassVar[Table]
    _keys: ClassVar[tuple[str, ...]]
    """The columns that make a row the same row."""
    _names: ClassVar[tuple[str, ...]]
    """The record's fields; worked out once, for every row asks for them."""

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._names = tuple(field.name for field in fields(cls._record))

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def _row(self, record: R) -> Row:
        """Return the row of a record."""
        row = {name: getattr(record, name) for name in self._names}
        lineage = row.get("lineage")
        if lineage is not None:
            row |= {
                "lineage": digest(lineage),
                "pipeline": lineage.pipeline,
                "line": lineage.line,
            }
        return row

    def _read(self, row: RowMapping) -> R:
        """Return the record of a row."""
        values = {name: row[name] for name in self._names}
        if "lineage" in values:
            values["lineage"] = Lineage(row["pipeline"], row["line"])
        record: R = self._record(**values)
        return record

    async def _all(
        self, *conditions: ColumnElement[bool], order: Order, limit: int | None = None
    ) -> list[R]:
        """Return the records for which all conditions hold."""
        statement = select(self._table).where(*conditions).order_by(*order).limit(limit)
        result = await self._connection.execute(statement)
        return [self._read(row) for row in result.mappings()]

    async def _first(self, *conditions: ColumnElement[bool]) -> R | None:
        """Return the one record for which all conditions hold."""
        found = await self._all(*conditions, order=(), limit=1)
        return found[0] if found else None

    async def _add(
        self, records: Iterable[R], *, filled: Collection[str] = ()
    ) -> frozenset[str]:
        """Add those whose keys are new, in their order; return the first key of each.

        Args:
            records: what to add; of those with the same keys the first counts.
            filled: columns that the database fills by itself.

        """
        rows = [self._row(record) for record in records]
        if not rows:
            return frozenset()
        statement = (
            _insert(self._connection, self._table)
            .on_conflict_do_nothing(index_elements=self._keys)
            .returning(self._table.c[self._keys[0]])
        )
        result = await self._connection.execute(
            statement,
            [{k: v for k, v in row.items() if k not in filled} for row in rows],
        )
        return frozenset(result.scalars())

    async def _save(self, records: Iterable[R]) -> None:
        """Write records over those with the same keys; the last of them counts."""
        rows = [self._row(record) for record in records]
        await upsert(self._connection, self._table, rows, keys=self._keys)

    async def _changed(self, statement: Any) -> int:
        """Return how many rows a statement changed."""
        result = await self._connection.execute(statement)
        return int(result.rowcount)


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Row],
    *,
    keys: Collection[str],
) -> None:
    """Write rows over those with the same keys; the last of them counts.

    Columns that the rows do not name stay as they are.
    """
    if not rows:
        return
    insert = _insert(connection, table)
    written = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(
        insert.on_conflict_do_update(index_elements=keys, set_=written), rows
    )


def _insert(connection: AsyncConnection, table: Table) -> Upsert:
    return _INSERTS[connection.dialect.name](table)


def portions(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut values into lists that fit into one statement, each value once."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), MOST_AT_ONCE):
        yield unique[start : start + MOST_AT_ONCE]
