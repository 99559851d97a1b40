"""Every human word, in one place, so that they can be changed or translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from bot.records import Event
from providers.contract import Filter
from providers.model import Pipeline, Reason, Run, State

EVENTS: Mapping[Event, str] = {
    Event.BROKEN: "breaks",
    Event.FIXED: "is fixed",
    Event.STILL_BROKEN: "fails again while broken",
    Event.EVERY_FAILURE: "fails, every time",
    Event.WAITING: "waits for somebody",
    Event.STUCK: "is stuck in the queue",
    Event.SLOW: "is slow",
    Event.CANCELED: "is canceled",
    Event.DONE: "is done, however it ends",
}
"""What a pipeline does when a watch rings on it."""

MARKS: Mapping[State, str] = {
    State.FAILED: "❌",
    State.UNKNOWN: "❔",
    State.WAITING: "✋",
    State.RUNNING: "🔄",
    State.QUEUED: "⏳",
    State.CANCELED: "🚫",
    State.SKIPPED: "⏩",
    State.SUCCEEDED: "✅",
}
"""A mark a state; never shown without its word."""

NEVER_RAN = "never ran"
NEVER_MARK = "⚪"
TROUBLE_MARK = "⚠️"
PENDING_MARK = "⏳"

WORDS: Mapping[State, str] = {
    State.FAILED: "failed",
    State.UNKNOWN: "unknown",
    State.WAITING: "waiting",
    State.RUNNING: "running",
    State.QUEUED: "queued",
    State.CANCELED: "canceled",
    State.SKIPPED: "skipped",
    State.SUCCEEDED: "passed",
}

# Where the reason changes what a person should think of the state.
WITH_REASON: Mapping[tuple[State, Reason], str] = {
    # The vendor says that it ended, not that it ended well.
    (State.SUCCEEDED, Reason.UNVERIFIED): "completed",
    (State.SUCCEEDED, Reason.UNSTABLE): "passed, unstable",
    (State.SUCCEEDED, Reason.PARTIAL): "partly passed",
    (State.FAILED, Reason.QUALITY_GATE): "failed the quality gate",
    (State.FAILED, Reason.TIMEOUT): "timed out",
    (State.RUNNING, Reason.CANCELING): "being canceled",
    (State.RUNNING, Reason.RETRY): "retrying",
    (State.WAITING, Reason.APPROVAL): "waiting for approval",
    (State.WAITING, Reason.PAUSED): "paused",
    (State.SKIPPED, Reason.NEVER_RAN): "never ran",
}

FILTERS: Mapping[Filter, str] = {
    Filter.STATE: "state",
    Filter.BRANCH: "branch",
    Filter.ACTOR: "actor",
    Filter.TRIGGER: "trigger",
    Filter.SINCE: "since",
    Filter.UNTIL: "until",
}


REFUSALS: Mapping[str, str] = {
    "is_archived": "it is archived",
    "is_inactive": "it is frozen",
    "not_in_channel": "the bot is not in it",
    "channel_not_found": "it is gone, or closed to the bot",
    "messages_tab_disabled": "direct messages to the bot are switched off",
    "user_disabled": "that account is closed",
    "user_not_found": "that person is gone",
    **dict.fromkeys(
        (
            "restricted_action",
            "restricted_action_non_threadable_channel",
            "restricted_action_read_only_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
        ),
        "a rule of the workspace keeps the bot from posting there",
    ),
    **dict.fromkeys(
        ("account_inactive", "invalid_auth", "not_authed", "token_revoked"),
        "Slack does not accept the bot's token",
    ),
    "token_expired": "the bot's token has expired",
    "missing_scope": "the bot lacks a permission",
}
"""Why nothing can be posted somewhere, by Slack's word for it.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

# What a vendor calls people by, where it does not tell their names: numbers, or keys.
_IS_KEY = re.compile(r"[0-9]{10,}|[0-9a-f]{32}")


def refusal(code: str) -> str:
    """Return why Slack refuses something; a word that is not known, as it came."""
    return REFUSALS.get(code, f"Slack says {code}")


def state_word(state: State, reason: Reason | None, native: str | None) -> str:
    """Return the word for a state; an unknown one is shown as it came."""
    if state is State.UNKNOWN:
        return f"unknown ({native})" if native else WORDS[state]
    return WITH_REASON.get((state, reason), WORDS[state]) if reason else WORDS[state]


def run_name(pipeline: Pipeline, run: Run) -> str:
    """Return a run as people call it."""
    return pipeline.name + (f" #{run.number}" if run.number is not None else "")


def actor(run: Run) -> str | None:
    """Return who started it; nobody where only their key is known."""
    who = run.trigger.actor if run.trigger else None
    return None if who is None or _IS_KEY.fullmatch(who) else who


def run_word(run: Run) -> str:
    """Return the word for where a run stands."""
    return state_word(run.state, run.reason, run.native)


def duration(length: timedelta) -> str:
    """Return a length of time in its two largest units, such as `4 min 12 s`."""
    seconds = int(length.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def counted(count: int, one: str, many: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{count} {one if count == 1 else many}"


def asked_still(count: int) -> str:
    """Return how many connections have not answered yet; empty where all have."""
    return f"{counted(count, 'connection', 'connections')} still asked" if count else ""


def tally(states: list[str]) -> str:
    """Return `2 failed, 1 running`, in the order in which the words first occur."""
    return ", ".join(f"{states.count(word)} {word}" for word in dict.fromkeys(states))
