"""The command line's part for the store: `db …` and `watches export`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bot import log
from bot.cli_setup import DEFAULT_CONFIG
from bot.clock import SystemClock
from bot.records import Origin, Watch
from bot.settings import Settings, SettingsError, load
from bot.settings.exporting import written
from bot.setup.findings import TROUBLE, WRONG
from bot.store import StoreError, copy, open_store
from bot.store.address import Dialect, parse
from bot.store.backup import back_up
from providers.registry import kinds

T = TypeVar("T")

database = typer.Typer(
    no_args_is_help=True, help="Look after the store that the watch remembers in."
)
watches = typer.Typer(no_args_is_help=True, help="The watches as text.")

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="RUNBELL_CONFIG", help="The configuration file."
    ),
]


@database.command()
def upgrade(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the store's tables up to date, as starting Runbell does as well."""
    _run(_upgrade(_url(_settings(config))))


@database.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; must not be there.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy the SQLite store as it is now, while Runbell may be running."""
    _run(back_up(_url(_settings(config)), file))
    typer.echo(f"{file} holds the store as it was just now.")


@database.command("copy")
def copy_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="The SQLite store to copy."),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy an SQLite store into the configured one, which has to be empty.

    The way to several replicas: stop Runbell, export RUNBELL_DATABASE_URL with the
    address of a PostgreSQL database, copy, start.
    """
    target = _url(_settings(config))
    address = parse(target)
    if address.dialect is Dialect.SQLITE and _is_same(Path(address.target), file):
        _fail(
            f"{file} is the configured store itself; export RUNBELL_DATABASE_URL="
            "postgresql://… to say where it is to be copied to.",
            WRONG,
        )
    _run(_copy(f"sqlite:///{file.absolute()}", target))


@watches.command()
def export(config: Config = DEFAULT_CONFIG) -> None:
    """Print the watches that were made in Slack as they would stand in runbell.yml.

    Once they stand there and Runbell has started anew, the file's take their place.
    """
    found = _run(_made_in_slack(_url(_settings(config))))
    typer.echo(written(found) if found else "# No watch was made in Slack.\n", nl=False)


async def _upgrade(url: str) -> None:
    async with open_store(url, clock=SystemClock()) as store:
        typer.echo(f"The store is up to date: {store.place}")


async def _copy(source: str, target: str) -> None:
    copied = await copy(source, target, clock=SystemClock())
    for table, rows in copied.items():
        typer.echo(f"{rows:>9}  {table}")
    typer.echo(f"Copied into {parse(target).place}.")


async def _made_in_slack(url: str) -> list[Watch]:
    """Return the watches, the oldest first, from a store that may be in use."""
    if parse(url).dialect is not Dialect.SQLITE:
        return await _read(url)
    with TemporaryDirectory() as folder:
        taken = Path(folder, "runbell.db")
        await back_up(url, taken)
        return await _read(f"sqlite:///{taken}")


async def _read(url: str) -> list[Watch]:
    async with open_store(url, clock=SystemClock()) as store, store.read() as tx:
        return [w for w in await tx.watches.all() if w.origin is Origin.SLACK]


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)


def _url(settings: Settings) -> str:
    return settings.database.get_secret_value()


def _settings(config: Path) -> Settings:
    try:
        settings = load(config, os.environ, kinds())
    except SettingsError as error:
        _fail(str(error), WRONG)
    log.configure(level=logging.WARNING, secrets=settings.secrets())
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except StoreError as error:
        _fail(str(error), TROUBLE)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
