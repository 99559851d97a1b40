"""Logs: one line of JSON an event, or readable lines in a terminal; never a secret.

Providers' errors are masked where they are made. What other libraries would log of
their own (httpx: whole addresses, Slack's client: whole bodies) is kept quiet here.
"""

from __future__ import annotations

import logging
import sys

import structlog

_CHATTY = ("httpx", "httpcore", "slack_sdk", "slack_bolt", "uvicorn", "aiohttp")


def configure(*, human: bool | None = None, level: int = logging.INFO) -> None:
    """Set up logging for the process, to standard error.

    Args:
        human: readable lines instead of JSON; by default where a terminal listens.
        level: the least severe level that is shown.

    """
    readable = sys.stderr.isatty() if human is None else human
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
