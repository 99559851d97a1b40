"""The same questions in a terminal: the real command, asking the simulated clouds."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.clock import SystemClock
from bot.demo.stage import Stage, connections
from bot.setup.findings import FINE, WRONG
from tests.e2e.test_buttons import CONNECTIONS, NO_LOG, SAID
from tests.fakes.clock import FakeClock

SECRETS = ("access_key", "secret_key", "api_key", "token")


@pytest.fixture
def clock() -> FakeClock:
    # The command signs by the machine's own time.
    return FakeClock(SystemClock().now())


@pytest.fixture
def config(
    socket_stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A configuration as somebody would write it; the secrets are elsewhere."""
    written: dict[str, dict[str, str | bool]] = {}
    for name, said in connections(socket_stage.urls).items():
        written[name] = {"allow_http": True}
        for key, value in said.items():
            variable = f"{name}_{key}".upper()
            monkeypatch.setenv(variable, str(value))
            written[name][key] = f"${{{variable}}}" if key in SECRETS else value
    file = tmp_path / "runbell.yml"
    # Every JSON text is YAML.
    file.write_text(json.dumps({"connections": written}), encoding="utf-8")
    return file


async def test_every_question_is_answered_in_a_terminal_for_every_cloud(
    socket_stage: Stage, config: Path
) -> None:
    for name in CONNECTIONS:
        pipeline = socket_stage.clouds[name].world.pipelines()[0]
        for question, word in SAID.items():
            words = question.format(f"{name}:{pipeline.name}*").split(" ")
            if words[0] in {"", "help"}:
                continue  # a terminal has help of its own
            typed = [*words, "-c", str(config)]

            result = await asyncio.to_thread(CliRunner().invoke, cli, typed)

            expected = {word.format(name, pipeline.name)}
            if words[0] == "log":
                expected |= {NO_LOG, "has no logs to read"}
            assert any(one in result.stdout for one in expected), result.output
            has_none = words[0] == "log" and word not in result.stdout
            assert result.exit_code == (WRONG if has_none else FINE), result.output
