"""Logs are lines of JSON, or readable where a person looks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import log


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=False)

    structlog.get_logger("x").info("provider asked", connection="shop")

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "provider asked"
    assert line["connection"] == "shop"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_words(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=True)

    structlog.get_logger("x").warning("slow")

    assert "slow" in capsys.readouterr().err


def test_what_is_less_severe_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=False, level=logging.WARNING)

    structlog.get_logger("x").info("hello")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["httpx", "slack_sdk", "slack_bolt"])
def test_libraries_that_log_addresses_and_bodies_are_kept_quiet(name: str) -> None:
    log.configure(human=False, level=logging.DEBUG)

    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
