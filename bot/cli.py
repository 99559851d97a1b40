"""The command line: `runbell serve`, `demo`, and the same questions in a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from bot import VERSION, log
from bot.answers import Help, Problem
from bot.app import StartError, open_bot, open_desk
from bot.cli_answers import exit_code, for_a_shell
from bot.cli_setup import DEFAULT_CONFIG, screen, setup
from bot.cli_store import database, watches
from bot.clock import SystemClock
from bot.commands.answering import answer
from bot.commands.grammar import Verb, typed, verb_of
from bot.render.data import data
from bot.render.rendering import words_of
from bot.render.terminal import terminal
from bot.settings import COMMAND as IN_SLACK
from bot.settings import Settings, SettingsError, load
from bot.setup.findings import FINE, TROUBLE, WRONG
from providers.registry import kinds

COMMAND = "runbell"
"""What is typed in a terminal where Slack has its slash command."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

QUESTIONS: Mapping[Verb, str] = {
    Verb.STATUS: "Show the latest run of each pipeline, worst first.",
    Verb.LIST: "List recent runs, newest first.",
    Verb.SHOW: "Show one run: its stages, what failed and why.",
    Verb.LOG: "Show the end of the log that says most about a run.",
}
"""The questions about pipelines, each a command."""

TARGETS = (
    "A pipeline's name, connection:name, a glob such as 'release-*', a group, an "
    "alias, or the address of the vendor's page. For one run, a number may follow: "
    "release 12. Filters narrow it: is:red, branch:main, since:2d, -actor:kim."
)
EXIT_CODES = (
    f"Exit codes: {FINE} it was answered, be the pipelines red or green; {TROUBLE} it "
    f"was answered, but something could not be read; {WRONG} it was not understood, "
    "there is no such pipeline or run, or the configuration or Slack's tokens are "
    f"wrong; {INTERRUPTED} interrupted."
)

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=EXIT_CODES,
)

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="RUNBELL_CONFIG", help="The configuration file."
    ),
]
Targets = Annotated[list[str] | None, typer.Argument(help=TARGETS)]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log every call to a provider.")
]


def _say_version(is_asked: bool) -> None:  # noqa: FBT001 - typer's way to call it
    if is_asked:
        typer.echo(f"{COMMAND} {VERSION}")
        raise typer.Exit


@cli.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Say the version."
        ),
    ] = False,
) -> None:
    """One self-hosted Slack bot for every pipeline a team runs, on any cloud."""
    del version


@cli.command()
def serve(config: Config = DEFAULT_CONFIG, *, verbose: Verbose = False) -> None:
    """Run the bot until it is stopped."""
    settings = _settings(config, for_slack=True)
    _log(logging.INFO, settings.secrets(), verbose=verbose)
    _run(_serve(settings))


@cli.command()
def demo(*, verbose: Verbose = False) -> None:
    """Try it with no account: simulated clouds and a local Slack, all on 127.0.0.1."""
    from bot.demo.prompt import play  # noqa: PLC0415 - `serve` never needs the demo

    # Its clouds are broken on purpose: warnings of that would only fill the prompt.
    _log(logging.ERROR, verbose=verbose)
    _run(play(screen()))


class Asking(TyperCommand):
    """A command whose words may be filters: `-branch:main` is a not, and no option."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [_FILTER.sub(_MINUS, word) for word in args])


_FILTER = re.compile(r"^-(?=\w+:)")
_MINUS = "\N{MINUS SIGN}"
"""What the grammar reads as a plain `-`, and the parser of options leaves alone."""


def _question(verb: Verb, about: str) -> None:
    """Make a question a command."""

    def question(
        targets: Targets = None,
        config: Config = DEFAULT_CONFIG,
        *,
        as_json: AsJson = False,
        verbose: Verbose = False,
    ) -> None:
        _ask(typed(verb, targets or []), config, as_json=as_json, verbose=verbose)

    cli.command(verb.value, cls=Asking, help=about, epilog=EXIT_CODES)(question)


for _verb, _about in QUESTIONS.items():
    _question(_verb, _about)


@cli.command(epilog=EXIT_CODES)
def health(
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show how each connection is."""
    _ask(Verb.HEALTH.value, config, as_json=as_json, verbose=verbose)


cli.add_typer(setup)
cli.add_typer(database, name="db")
cli.add_typer(watches, name="watches")


@cli.command("help")
def help_(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help="The command to explain.")
    ] = None,
) -> None:
    """Show how all this is used, or one command."""
    name = context.find_root().info_name
    root_command = typer.main.get_command(cli)
    words = command or []
    names = root_command.commands if isinstance(root_command, TyperGroup) else {}
    verb = verb_of(words[0]) if len(words) == 1 and words[0] not in names else None
    if verb is not None:
        _explain(verb)
        return
    root_command.main([*words, "--help"], prog_name=name)


def _explain(verb: Verb) -> None:
    """Explain what is asked in Slack alone, by its name there."""
    said = Help(command=IN_SLACK, connections=(), groups=(), aliases=(), verb=verb)
    now = SystemClock().now()
    screen().print(terminal(words_of(said, now), now), end="")


def _ask(text: str, config: Path, *, as_json: bool, verbose: bool) -> None:
    settings = _settings(config, for_slack=False)
    _log(logging.WARNING, settings.secrets(), verbose=verbose)
    _run(_answer(settings, text, as_json=as_json))


async def _answer(settings: Settings, text: str, *, as_json: bool) -> None:
    clock = SystemClock()
    async with open_desk(settings, clock=clock) as desk:
        found = await answer(replace(desk, command=COMMAND), text)
    if isinstance(found, Problem):
        found = replace(found, instead=tuple(for_a_shell(found.instead)))
    if as_json:
        typer.echo(json.dumps(data(found), ensure_ascii=False, indent=2))
    else:
        now = clock.now().astimezone(ZoneInfo(settings.timezone))
        screen().print(terminal(words_of(found, now), now), end="")
    if code := exit_code(found):
        raise typer.Exit(code)


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


def _log(level: int, secrets: Iterable[str] = (), *, verbose: bool) -> None:
    log.configure(level=logging.DEBUG if verbose else level, secrets=secrets)


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
        raise typer.Exit(INTERRUPTED) from None


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)


def main() -> None:
    """Run the command line."""
    cli()
