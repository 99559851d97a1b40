"""What Slack answers, or fails to answer, to a call: the table of its words."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.watch.posting import Outcome, Result

log = structlog.get_logger(__name__)

TOO_MANY = 429
SERVER_ERROR = 500

MOST_DIGITS = 5
"""Of a wait in seconds: with more it is longer than a day, which nobody means."""

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
# https://docs.slack.dev/reference/methods/chat.update#errors
WORDS: Mapping[str, Result] = {
    **dict.fromkeys(
        (
            "ratelimited",
            "rate_limited",
            # The workspace as a whole posts too much; a channel is being moved.
            "message_limit_exceeded",
            "external_channel_migrating",
        ),
        Result.NOT_SENT,
    ),
    **dict.fromkeys(
        (
            # "Some aspect of the operation" may have succeeded.
            "fatal_error",
            "internal_error",
            "service_unavailable",
            "request_timeout",
            "team_added_to_org",
            "update_failed",
            # About `client_msg_id`, of which nothing more is promised.
            "duplicate_channel_not_found",
            "duplicate_message_not_found",
        ),
        Result.UNKNOWN,
    ),
    **dict.fromkeys(
        (
            "cant_update_message",
            "edit_window_closed",
            # https://docs.slack.dev/reference/methods/views.update#errors
            "hash_conflict",
            "message_not_found",
            "not_found",
            "thread_not_found",
        ),
        Result.GONE,
    ),
    **dict.fromkeys(
        (
            "cannot_reply_to_message",
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
        ),
        Result.BAD_THREAD,
    ),
    **dict.fromkeys(
        (
            "cannot_dm_bot",
            "channel_not_found",
            "is_archived",
            "is_inactive",
            "messages_tab_disabled",
            "not_in_channel",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "user_disabled",
            "user_not_found",
        ),
        Result.BAD_PLACE,
    ),
    **dict.fromkeys(
        (
            "access_denied",
            "accesslimited",
            "account_inactive",
            "deprecated_endpoint",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "method_deprecated",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "team_access_not_granted",
            "team_not_found",
            "token_expired",
            "token_revoked",
            "two_factor_setup_required",
        ),
        Result.BAD_INSTALL,
    ),
}
"""Slack's words; one that is not here refuses the message: it is put more plainly."""

# The connection was never made, so that no byte of the message can have been read.
NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


Body = Mapping[str, Any]
"""What an answer holds."""


async def ask(call: Coroutine[Any, Any, AsyncSlackResponse]) -> Body | Outcome:
    """Return what an answer that says ok holds, or what else became of the call."""
    try:
        body = (await call).data
    except SlackApiError as error:
        return _refused(error)
    except NOT_CONNECTED as error:
        return Outcome(result=Result.NOT_SENT, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - whatever else it is, nobody knows
        # Time-outs, lost connections, and answers that Slack's library cannot read.
        return Outcome(result=Result.UNKNOWN, error=type(error).__name__)
    if not isinstance(body, dict):
        return Outcome(result=Result.UNKNOWN, error="no_json")
    return body


def _refused(error: SlackApiError) -> Outcome:
    """Return what an answer that does not say ok means."""
    response = error.response
    # Where the body was no JSON, the library hands over aiohttp's own response.
    status = getattr(response, "status_code", getattr(response, "status", 0))
    body = getattr(response, "data", None)
    said = body.get("error") if isinstance(body, dict) else None
    word = said if isinstance(said, str) and said else f"http_{status}"
    if status == TOO_MANY or WORDS.get(word) is Result.NOT_SENT:
        wait = _retry_after(getattr(response, "headers", {}))
        return Outcome(result=Result.NOT_SENT, error=word, retry_after=wait)
    if status >= SERVER_ERROR or not isinstance(said, str):
        return Outcome(result=Result.UNKNOWN, error=word)
    if word not in WORDS:
        log.warning("slack refuses a message", error=word)
    return Outcome(result=WORDS.get(word, Result.BAD_MESSAGE), error=word)


def _retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    """Return how long Slack asks to wait: whole seconds, where it says so."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    value = str(text[0] if isinstance(text, list) and text else text)
    is_wait = value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS
    return timedelta(seconds=int(value)) if is_wait else None
