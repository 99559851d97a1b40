"""The command line: the same questions and the same answers, in a terminal."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.cli import EXIT_PROBLEM, EXIT_SETTINGS, cli
from bot.clock import SystemClock
from bot.demo.clouds.nsml import BASE, NsmlCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.scenery import worlds

CONFIG = """
connections:
  ml:
    kind: nsml
    access_key: ${NSML_ACCESS_KEY}
    secret_key: ${NSML_SECRET_KEY}
    api_key: ${NSML_API_KEY}
    base_url: %s
    allow_http: true
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NSML_ACCESS_KEY", "ncp-demo-access-key")
    monkeypatch.setenv("NSML_SECRET_KEY", "ncp-demo-secret-key")
    monkeypatch.setenv("NSML_API_KEY", "ncp-demo-api-key")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A simulated cloud in a thread of its own, as the command has its own loop."""
    urls: list[str] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        cloud = NsmlCloud(worlds(SystemClock())["nsml"])
        async with LoopbackServer(cloud.app()) as server:
            urls.append(server.url)
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    yield f"{urls[0]}{BASE}"
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


@pytest.fixture
def config(tmp_path: Path, address: str) -> str:
    file = tmp_path / "runbell.yml"
    file.write_text(CONFIG % address, encoding="utf-8")
    return str(file)


def test_status_in_a_terminal(config: str) -> None:
    result = CliRunner().invoke(cli, ["status", "-c", config])

    assert result.exit_code == 0, result.output
    assert "ml  CLOVA NSML" in result.output
    assert re.search(r"(completed|running)  recommender #1[23] ", result.output)


def test_list_in_a_terminal_takes_targets_of_several_words(config: str) -> None:
    result = CliRunner().invoke(cli, ["list", "ml:speech ko", "-c", config])

    assert result.exit_code == EXIT_PROBLEM
    assert "No pipeline fits “ml:speech ko”" in result.output
    result = CliRunner().invoke(cli, ["list", "speech-ko", "-c", config])
    assert "10 runs, newest first" in result.output


def test_json_is_for_programs(config: str) -> None:
    result = CliRunner().invoke(cli, ["list", "speech-ko", "--json", "-c", config])

    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["answer"] == "runlist"
    assert answer["entries"][0]["run"]["ref"].startswith("ml:2x6ijrgeyq6s3ojy9ur#")


def test_trouble_is_in_the_exit_code_and_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "runbell.yml"
    file.write_text(CONFIG % "http://127.0.0.1:9", encoding="utf-8")

    result = CliRunner().invoke(cli, ["status", "-c", str(file)])

    assert result.exit_code == EXIT_PROBLEM
    assert "the provider cannot be reached" in result.output


def test_every_problem_of_the_configuration_is_told_with_its_line(
    tmp_path: Path,
) -> None:
    file = tmp_path / "runbell.yml"
    file.write_text("comand: /runs\nconnections:\n  x: {kind: nmsl}\n")

    result = CliRunner().invoke(cli, ["status", "-c", str(file)])

    assert result.exit_code == EXIT_SETTINGS
    assert "runbell.yml:1" in result.output
    assert "command" in result.output
    assert "runbell.yml:3" in result.output
    assert "nsml" in result.output


def test_an_option_there_is_not_is_no_target_and_a_not_filter_is_no_option(
    config: str,
) -> None:
    wrong = CliRunner().invoke(cli, ["status", "--jsno", "-c", config])
    right = CliRunner().invoke(cli, ["status", "-name:speech*", "-c", config])
    typed = CliRunner().invoke(cli, ["list", "-c", config, "-branch:vic", "ml"])

    assert wrong.exit_code == EXIT_SETTINGS
    assert "--jsno" in wrong.output
    assert right.exit_code == 0, right.output
    assert "speech-ko" not in right.output
    assert "-branch:vic" in typed.output


def test_serve_says_which_tokens_it_needs(config: str) -> None:
    result = CliRunner().invoke(cli, ["serve", "-c", config])

    assert result.exit_code == EXIT_SETTINGS
    assert "SLACK_BOT_TOKEN" in result.output
    assert "SLACK_APP_TOKEN" in result.output


def test_without_a_word_it_shows_how_it_is_used() -> None:
    result = CliRunner().invoke(cli, [])

    for command in ("serve", "demo", "status", "list"):
        assert command in result.output
