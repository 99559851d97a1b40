"""A copy of an SQLite store while it is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import Store, StoreError, open_store
from bot.store.backup import back_up
from tests.bot.store.samples import a_watch
from tests.fakes.clock import FakeClock


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


@pytest.fixture
def dialect() -> str:
    """Only one of the two is a file."""
    return "sqlite"


async def test_a_store_that_is_in_use_is_copied_as_it_is(
    store: Store, url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with store.write() as tx:
        await tx.watches.add(a_watch("before"))
    async with store.write() as tx:
        await tx.watches.add(a_watch("within"))
        # A transaction that is not committed is no part of it.
        await back_up(url, tmp_path / "copy.db")
    async with (
        open_store(f"sqlite:///{tmp_path}/copy.db", clock=clock) as copy,
        copy.read() as tx,
    ):
        assert [watch.id for watch in await tx.watches.all()] == ["before"]


async def test_the_copy_is_one_file_that_only_its_owner_reads(
    store: Store, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    await back_up(url, folder / "copy.db")
    assert names(folder) == ["copy.db"]
    assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600


async def test_nothing_is_written_over(store: Store, url: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    with pytest.raises(StoreError, match=r"cannot write .*mine\.txt: File exists"):
        await back_up(url, file)
    assert file.read_text() == "mine"


async def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store .*none\.db"):
        await back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "copy.db")
    assert names(tmp_path) == []


async def test_what_is_no_store_leaves_no_copy_behind(tmp_path: Path) -> None:
    (tmp_path / "odd.db").write_text("no database, but longer than its header " * 99)
    with pytest.raises(StoreError, match="file is not a database"):
        await back_up(f"sqlite:///{tmp_path}/odd.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


async def test_a_damaged_store_is_said_to_be_damaged(
    store: Store, url: str, tmp_path: Path, clock: FakeClock
) -> None:
    await back_up(url, tmp_path / "odd.db")
    raw = bytearray((tmp_path / "odd.db").read_bytes())
    # The last page alone: whatever else there is can be read.
    raw[-4096:] = b"\xff" * 4096
    (tmp_path / "odd.db").write_bytes(raw)
    with pytest.raises(StoreError, match=r"odd\.db is damaged \("):
        await back_up(f"sqlite:///{tmp_path}/odd.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


async def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="as by pg_dump"):
        await back_up("postgresql://me:fake@db/runbell", tmp_path / "copy.db")
