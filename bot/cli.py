"""The command line: `runbell serve`, `demo`, and the same questions in a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from typer.core import TyperCommand
from typing_extensions import override

from bot import log
from bot.answers import Answer, Health, Problem, RunList, Show, Status
from bot.app import StartError, open_bot, open_desk
from bot.cli_setup import setup
from bot.clock import SystemClock
from bot.commands.answering import answer
from bot.commands.grammar import Verb, typed
from bot.render.data import data
from bot.render.rendering import render
from bot.render.terminal import terminal
from bot.settings import Settings, SettingsError, load
from providers.registry import kinds

EXIT_PROBLEM = 1
"""The question could not be answered as it was put, or a connection is in trouble."""
EXIT_SETTINGS = 2
"""The configuration is wrong, or Slack does not accept it."""

cli = typer.Typer(
    help="One self-hosted Slack bot for every pipeline a team runs, on any cloud.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(setup)

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="RUNBELL_CONFIG", help="The configuration file."
    ),
]
DEFAULT_CONFIG = Path("runbell.yml")
Targets = Annotated[
    list[str] | None,
    typer.Argument(
        help="A pipeline, connection:name, group, alias, glob; filters like is:red."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log every call to a provider.")
]


@cli.command()
def serve(config: Config = DEFAULT_CONFIG, *, verbose: Verbose = False) -> None:
    """Run the bot until it is stopped."""
    log.configure(level=logging.DEBUG if verbose else logging.INFO)
    settings = _settings(config, for_slack=True)
    _run(_serve(settings))


@cli.command()
def demo(*, verbose: Verbose = False) -> None:
    """Try it with no account: simulated clouds and a local Slack, all on 127.0.0.1."""
    from bot.demo.prompt import play  # noqa: PLC0415 - `serve` never needs the demo

    log.configure(level=logging.DEBUG if verbose else logging.WARNING)
    _run(play(Console()))


class Asking(TyperCommand):
    """A command whose words may be filters: `-branch:main` is a not, and no option."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [_FILTER.sub(_MINUS, word) for word in args])


_FILTER = re.compile(r"^-(?=\w+:)")
_MINUS = "\N{MINUS SIGN}"
"""What the grammar reads as a plain `-`, and the parser of options leaves alone."""


@cli.command(cls=Asking)
def status(
    targets: Targets = None,
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show the latest run of each pipeline, worst first."""
    _ask(Verb.STATUS, targets, config, as_json=as_json, verbose=verbose)


@cli.command("list", cls=Asking)
def list_(
    targets: Targets = None,
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """List recent runs, newest first."""
    _ask(Verb.LIST, targets, config, as_json=as_json, verbose=verbose)


@cli.command(cls=Asking)
def show(
    targets: Targets = None,
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show one run: its stages, what failed and why."""
    _ask(Verb.SHOW, targets, config, as_json=as_json, verbose=verbose)


@cli.command("log", cls=Asking)
def log_(
    targets: Targets = None,
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show the end of the log that says most about a run."""
    _ask(Verb.LOG, targets, config, as_json=as_json, verbose=verbose)


@cli.command()
def health(
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show how each connection is."""
    _ask(Verb.HEALTH, None, config, as_json=as_json, verbose=verbose)


def _ask(
    verb: Verb, words: list[str] | None, config: Path, *, as_json: bool, verbose: bool
) -> None:
    log.configure(level=logging.DEBUG if verbose else logging.WARNING)
    settings = _settings(config, for_slack=False)
    _run(_answer(settings, typed(verb, words or []), as_json=as_json))


async def _answer(settings: Settings, text: str, *, as_json: bool) -> None:
    clock = SystemClock()
    async with open_desk(settings, clock=clock) as desk:
        found = await answer(desk, text)
    if as_json:
        typer.echo(json.dumps(data(found), ensure_ascii=False, indent=2))
    else:
        now = clock.now().astimezone(ZoneInfo(settings.timezone))
        Console().print(terminal(render(found, now), now), end="")
    if _is_trouble(found):
        raise typer.Exit(EXIT_PROBLEM)


def _is_trouble(found: Answer) -> bool:
    match found:
        case Problem():
            return True
        case Status() | RunList():
            return any(part.trouble for part in found.parts)
        case Health():
            return any(pulse.trouble for pulse in found.pulses)
        case Show():
            return found.trouble is not None
        case _:
            return False


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    running = asyncio.create_task(_run_bot(settings))
    await asyncio.wait({stopped, running}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, running):
        task.cancel()
    # A bot that could not start says why; one that was stopped has nothing to say.
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _run_bot(settings: Settings) -> None:
    async with open_bot(settings):
        await asyncio.Event().wait()


def _settings(config: Path, *, for_slack: bool) -> Settings:
    try:
        return load(config, os.environ, kinds(), for_slack=for_slack)
    except SettingsError as error:
        _fail(str(error))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except StartError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_SETTINGS)


def main() -> None:
    """Run the command line."""
    cli()
