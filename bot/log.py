"""Logs: one line of JSON an event, or readable lines in a terminal; never a secret.

What other libraries log comes out in the same form, from warnings on: httpx would log
whole addresses before that, and Slack's client whole bodies. Every line, of theirs and
of ours, goes through the masking below, whatever it may hold.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

import structlog
from typing_extensions import override

from providers.masking import MASK, Secrets

_CHATTY = ("httpx", "httpcore", "slack_sdk", "slack_bolt", "uvicorn", "aiohttp")

_TELLING = (
    r"(?:token|secret|password|passwd|signature(?:-v\d)?|authorization|credential"
    r"|cookie|ticket|(?:api|access|secret)[-_]?key|(?:response|webhook)[-_]?url)"
)
_IS_TELLING = re.compile(f"{_TELLING}$", re.IGNORECASE)

_SHAPES = (
    # Slack's tokens: https://docs.slack.dev/authentication/tokens
    re.compile(r"\bx(?:ox[a-z]|app|wfp)(?:\.xox[a-z])?-[\w-]+"),
    # The paths of response URLs and webhooks, which whoever knows them may post to:
    # https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
    # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    re.compile(
        r"(?<=/)(?:actions|commands|services|triggers|workflows)\\*/[ETW][A-Z0-9]+"
        r"""\\*/[^\s"'<>]+"""
    ),
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    re.compile(r"\bv0=[0-9a-f]{64}\b"),
    # https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    re.compile(r"(?<=\bBearer )[\w.~+/=-]+", re.IGNORECASE),
)
"""Secrets that are known by how they look."""

_NAMED = re.compile(
    # A header, a query, JSON, or what Python shows of a dict or of a pair: the name,
    rf"""({_TELLING}(?:\\*["']?\s*[:=]\s*|\\*["']\s*,\s*)(?:b?\\*["'])?"""
    # the scheme of an Authorization header,
    r"""(?:(?:basic|bearer)\s+)?)"""
    # and the value: up to the closing quote, or as far as it can reach without one.
    r"""(?:(?<=["'])[^"']+|[^\s"'\\,;&<>(){}\[\]]+)""",
    re.IGNORECASE,
)
"""Secrets that are known by what they are called."""


class Masking:
    """The last step before an event is written: nothing secret passes."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = Secrets(secrets)

    def __call__(
        self, _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> Mapping[str, Any]:
        """Return an event of plain values, without secrets; never raises."""
        return {name: self._value(name, value) for name, value in event.items()}

    def text(self, text: str) -> str:
        """Return the text without known secrets and without what looks like one."""
        masked = self._secrets.mask(text)
        for shape in _SHAPES:
            masked = shape.sub(MASK, masked)
        return _NAMED.sub(rf"\g<1>{MASK}", masked)

    def _value(self, name: str, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        if _IS_TELLING.search(name):
            return MASK
        if isinstance(value, int | float):
            return value
        return self.text(value if isinstance(value, str) else _shown(value))


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Takes what libraries log; one line that cannot be written stops nobody."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        # The standard library's own would print the arguments as they are.
        with contextlib.suppress(Exception):
            logger = structlog.get_logger()
            logger.error("a log line could not be written", logger=record.name)


def configure(
    *,
    human: bool | None = None,
    level: int = logging.INFO,
    secrets: Iterable[str] = (),
) -> None:
    """Set up logging for the process, to standard error.

    Args:
        human: readable lines instead of JSON; by default where a terminal listens.
        level: the least severe level that is shown; of libraries, warnings at least.
        secrets: values that no line may hold, in addition to all that looks like one.

    """
    readable = sys.stderr.isatty() if human is None else human
    renderer: structlog.typing.Processor = (
        # The default would show the variables of every function in a traceback.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    first: tuple[structlog.typing.Processor, ...] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    last: tuple[structlog.typing.Processor, ...] = (
        structlog.processors.format_exc_info,
        Masking(secrets),
        renderer,
    )
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _ToStandardError(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(structlog.stdlib.add_logger_name, *first),
            processors=(
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *last,
            ),
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - what cannot be shown must not stop the bot
        return f"<{type(value).__name__}>"
