"""The words of the command: its verbs, and all that stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Verb(StrEnum):
    """What can be done."""

    STATUS = "status"
    LIST = "list"
    SHOW = "show"
    LOG = "log"
    WATCH = "watch"
    UNWATCH = "unwatch"
    WATCHES = "watches"
    MUTE = "mute"
    UNMUTE = "unmute"
    MUTES = "mutes"
    ACK = "ack"
    UNACK = "unack"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    TEST = "test"
    WHY = "why"
    HEALTH = "health"
    HELP = "help"


SYNONYMS: Mapping[str, Verb] = {
    "st": Verb.STATUS,
    "runs": Verb.LIST,
    "builds": Verb.LIST,
    "ls": Verb.LIST,
    "run": Verb.SHOW,
    "logs": Verb.LOG,
    "tail": Verb.LOG,
    "subscribe": Verb.WATCH,
    "sub": Verb.WATCH,
    "unsubscribe": Verb.UNWATCH,
    "unsub": Verb.UNWATCH,
    "subscriptions": Verb.WATCHES,
    "snooze": Verb.MUTE,
    "silence": Verb.MUTE,
    "unsnooze": Verb.UNMUTE,
    "acknowledge": Verb.ACK,
    "rehearse": Verb.TEST,
    "explain": Verb.WHY,
    "ping": Verb.HEALTH,
    "doctor": Verb.HEALTH,
    "?": Verb.HELP,
    "usage": Verb.HELP,
    "상태": Verb.STATUS,
    "状态": Verb.STATUS,
    "목록": Verb.LIST,
    "列表": Verb.LIST,
    "구독": Verb.WATCH,
    "订阅": Verb.WATCH,
    "로그": Verb.LOG,
    "日志": Verb.LOG,
    "도움말": Verb.HELP,
    "帮助": Verb.HELP,
}
"""Other words for the verbs: as users of other bots type them, and in the languages of
the people whose clouds these are."""

LATER = frozenset(
    {
        *("subscribe", "unsubscribe", "snooze"),
        *("rerun", "cancel", "approve", "reject"),
        *("digest", "me"),
    }
)
"""Verbs to come. No name of the configuration may be one today, so that none has to be
changed for them."""

VERBS = frozenset({*(verb.value for verb in Verb), *LATER})
"""The verbs of the command, now and later."""
