"""The command line's part for setting up: `init`, `manifest`, `doctor`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from random import SystemRandom
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot import log
from bot.clock import SystemClock
from bot.settings import SettingsError, load
from bot.setup import doctor as doctors
from bot.setup import init as questions
from bot.setup.findings import TROUBLE, WRONG, Finding, exit_code, summary
from bot.setup.manifest import (
    ManifestError,
    configured_command,
    scopes,
    source,
)
from bot.setup.manifest import manifest as written
from providers.registry import kinds

setup = typer.Typer()

DEFAULT_CONFIG = Path("runbell.yml")


def screen() -> Console:
    """Return standard output; what is no terminal gets long lines and no colours."""
    is_terminal = sys.stdout.isatty()
    return Console(force_terminal=is_terminal, soft_wrap=not is_terminal)


def _config(text: str) -> object:
    return typer.Option("--config", "-c", envvar="RUNBELL_CONFIG", help=text)


@setup.command()
def init(
    config: Annotated[
        Path, _config("The configuration file to write.")
    ] = DEFAULT_CONFIG,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.")
    ] = False,
) -> None:
    """Ask a few questions, and write a configuration to begin with."""
    if config.exists() and not force:
        _refuse(f"{config} is there already; --force replaces it.")
    try:
        text = questions.interview(questions.Interview(input, typer.echo), kinds())
    except questions.NoAnswerLeft as error:
        _refuse(f"\nThe answers ended before “{error}”. Nothing was written.")
    except KeyboardInterrupt:
        _refuse("\nNothing was written.")
    try:
        with config.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        _refuse(f"{config} cannot be written ({error.strerror}).")
    names = questions.variables(text)
    typer.echo(f"\n{config} is written. Its secrets come from the environment:\n")
    for name in (*names, "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        typer.echo(f"    export {name}=…")
    typer.echo(
        "\nrunbell manifest    prints the Slack app to create, for its two tokens\n"
        "runbell doctor      checks all of it, and says what to fix\n"
        "runbell status      asks in the terminal; it needs no Slack"
    )
    _say_what_is_left(config, names)


@setup.command()
def manifest(
    command: Annotated[
        str | None,
        typer.Option(help="The slash command; else as configured, else /runs."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Where Slack can reach the bot, https://…: for HTTP mode."),
    ] = None,
    config: Annotated[
        Path, _config("The configuration file; it need not be there yet.")
    ] = DEFAULT_CONFIG,
) -> None:
    """Print the Slack app's manifest, to paste at api.slack.com/apps."""
    try:
        if command is None and config.exists():
            command = configured_command(config, os.environ)
        text = written(source(), command=command, url=url)
    except (ManifestError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG) from None
    typer.echo(text, nl=False)


@setup.command()
def doctor(
    config: Annotated[Path, _config("The configuration file.")] = DEFAULT_CONFIG,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON instead of text.")
    ] = False,
) -> None:
    """Check the configuration, Slack's tokens and every connection."""
    log.configure(level=logging.WARNING)
    console = screen()
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            console.print(finding.line(), soft_wrap=True)

    work = doctors.examine(
        config,
        os.environ,
        tell,
        scopes=scopes(source()),
        clock=SystemClock(),
        random=SystemRandom(),
    )
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    code = exit_code(findings)
    if as_json:
        found = {"exit_code": code, "findings": [f.data() for f in findings]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        typer.echo(summary(findings))
    raise typer.Exit(code)


def _say_what_is_left(config: Path, names: tuple[str, ...]) -> None:
    """Say what a configuration still lacks; a plug-in may want what it hides."""
    try:
        load(config, dict.fromkeys(names, "not-known-yet") | os.environ, kinds())
    except SettingsError as error:
        # What a variable is going to hold cannot be judged yet.
        left = [str(p) for p in error.problems if "${" not in p.what]
        if left:
            typer.echo("\n".join(("\nStill to be completed by hand:", *left)))


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(TROUBLE)
