"""The demo at its prompt, and the bot as a process that is started and stopped."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from bot.demo.prompt import play
from bot.demo.slack import LocalSlack
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parent.parent.parent


async def played(*lines: str) -> str:
    """Return what the demo shows for these lines."""
    typed = iter(lines)
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    await play(console, lambda: next(typed, None))
    return shown.getvalue()


async def test_what_is_typed_is_answered_until_the_end() -> None:
    text = await played(
        "/runs status",
        "",
        "list release",
        "/deploy now",
        "down northflank",
        "status northflank",
        "up northflank",
        "quit",
        "/runs help",
    )

    assert "Only visible to you" in text
    for title in ("CLOVA NSML", "Yunxiao Flow", "CodeArts Check", "Northflank"):
        assert title in text
    assert "release: 10 runs, newest first" in text
    assert "/deploy is not a command here; try /runs help" in text
    assert "northflank is down now." in text
    assert "northflank is up now." in text
    assert "What I can do" not in text


async def test_what_all_are_told_and_what_only_one_is_told_say_so_in_order() -> None:
    text = await played("/runs watch payments-release", "quit")

    typed, to_all, rest = text.partition("Visible to all in #deploys")
    assert typed.strip().endswith("/runs watch payments-release")
    told, to_one, answered = rest.partition("Only visible to you")
    assert "watches payments-release (flow) here" in told
    assert to_all
    assert to_one
    assert answered.strip().startswith("I watch payments-release (flow), as w")


async def test_a_form_that_opens_is_said_to_be_in_the_browser() -> None:
    text = await played("/runs watch", "/runs watches", "quit")

    assert "A form has opened" in text
    assert "watches here" in text


async def test_the_bot_starts_answers_and_stops_as_a_process(tmp_path: Path) -> None:
    config = tmp_path / "runbell.yml"
    slack = LocalSlack(
        FakeClock(),
        random.Random(1),  # noqa: S311 - repeatable on purpose
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
    )
    async with slack:
        config.write_text(
            "connections:\n"
            "  ml: {kind: northflank, token: '${TOKEN}', allow_http: true,\n"
            "       base_url: 'http://127.0.0.1:9'}\n"
            f"slack: {{api_url: '{slack.api_url}'}}\n",
            encoding="utf-8",
        )
        environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "TOKEN": "nf-fake-token",
        }
        environment.pop("SLACK_SIGNING_SECRET", None)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "-c", str(config)),
            cwd=ROOT,
            env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await slack.wait_until_connected()
            person = slack.add_user("kim")
            channel = slack.add_channel("deploys", person)
            ack = await slack.slash(person, channel, "/runs", "help")
            said = await slack.next_message(channel, after=ack, viewer=person)
            assert "status" in said.text
            process.send_signal(signal.SIGTERM)
            await slack.wait_for(lambda: slack.connected == 0)
            await asyncio.wait_for(process.wait(), 20)
        finally:
            if process.returncode is None:
                process.terminate()
            _, told = await process.communicate()

    log = told.decode()
    assert process.returncode == 0, log
    assert "Traceback" not in log
    assert "nf-fake-token" not in log


def test_the_demo_reads_what_is_piped_into_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo"],
        cwd=ROOT,
        input="/runs help\n",
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "> /runs help" in done.stdout
    assert "What I can do" in done.stdout
    assert done.stderr == ""


async def test_the_bot_can_be_stopped_before_slack_has_answered(tmp_path: Path) -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    config = tmp_path / "runbell.yml"
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config.write_text(
        "connections: {ml: {kind: northflank, token: '${TOKEN}'}}\n"
        f"slack: {{api_url: 'http://127.0.0.1:{port}/api/'}}\n",
        encoding="utf-8",
    )
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "-c", str(config)),
        cwd=ROOT,
        env={**os.environ, **tokens, "TOKEN": "nf-fake-token"},
        stderr=asyncio.subprocess.PIPE,
    )
    await asyncio.wait_for(asked.wait(), 20)
    process.send_signal(signal.SIGTERM)
    _, told = await asyncio.wait_for(process.communicate(), 20)
    over.set()
    server.close()
    await server.wait_closed()

    assert process.returncode == 0, told.decode()
    assert b"Traceback" not in told
