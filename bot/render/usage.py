"""How each verb is used, in words for a person: what `help` and `help <verb>` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.terms import OF_WATCHES, TAKES, Key
from bot.vocabulary import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How a verb is used."""

    takes: str = ""
    """What stands behind the verb."""
    does: str
    examples: tuple[str, str]
    """As they would be typed, without the bot's name."""
    more: tuple[str, ...] = ()
    """What else there is to know, a sentence each."""


TARGET = (
    "A target is a pipeline's name, connection:name, a glob such as release-*, a "
    "group, an alias, or a pasted address."
)
FILTERS = (
    f"Filters: {', '.join(f'{key}:' for key in Key if key not in OF_WATCHES)}; a - in "
    "front means not, a comma means or."
)
_PLACE = "With in #channel it is about another channel."
_RUN = "Without a number, the latest run is meant."
_IN_A_THREAD = (
    "Slack takes no slash commands in threads: in the thread of an alert, mention the "
    "bot instead (@Runbell {})."
)

WAYS: Mapping[Key, str] = {
    Key.ON: "rings on {}; else on broken and fixed",
    Key.AFTER: "broken means so many failures in a row: {}",
    Key.BRANCH: "only {}; -branch: all but these; else the default branch",
    Key.ACTOR: "only what these set off: {}; -actor: all but these; else all but bots",
    Key.QUEUED: "stuck means queued for longer: {}; else 30m",
    Key.LONGER: "slow means running for longer: {}; else longer than is usual",
    Key.MENTION: "who is mentioned when it breaks: {}",
    Key.STYLE: "how it is told: {}",
}
"""What the words of a watch say; `{}` is what they take."""

_WATCHED = tuple(f"{key}: {said.format(TAKES[key])}." for key, said in WAYS.items())

USAGES: Mapping[Verb, Usage] = {
    Verb.STATUS: Usage(
        takes="[target] [filters]",
        does="the latest run of each pipeline, worst first",
        examples=("status", "status release-* is:red"),
        more=(TARGET, FILTERS),
    ),
    Verb.LIST: Usage(
        takes="[target] [filters]",
        does="recent runs, newest first",
        examples=("list release", "list release is:red branch:main since:2d"),
        more=(TARGET, FILTERS, "page:2 is the next part of a long answer."),
    ),
    Verb.SHOW: Usage(
        takes="<target> [number]",
        does="one run: stages, what failed and why",
        examples=("show release", "show release 12"),
        more=(TARGET, _RUN),
    ),
    Verb.LOG: Usage(
        takes="<target> [number]",
        does="the end of the log that says most",
        examples=("log release", "log release 12"),
        more=(TARGET, _RUN),
    ),
    Verb.WATCH: Usage(
        takes="[target or id] [words] [in #channel]",
        does="say it here when it breaks; alone, a form to fill in",
        examples=("watch release", "watch release on:broken after:2 in #ci"),
        more=(
            TARGET,
            *_WATCHED,
            "trigger:, name: and connection: narrow it as everywhere.",
            "With an id it changes that watch: what is left out is as by default.",
        ),
    ),
    Verb.UNWATCH: Usage(
        takes="<id or target>",
        does="end a watch",
        examples=("unwatch w7k3f", "unwatch release"),
        more=(_PLACE,),
    ),
    Verb.WATCHES: Usage(
        takes="[here, mine, all]",
        does="what is watched, to test, change, mute or remove",
        examples=("watches", "watches mine"),
        more=(_PLACE,),
    ),
    Verb.TEST: Usage(
        takes="<id>, or <target> [words]",
        does="what a watch would have rung for in the last 7 days",
        examples=("test w7k3f", "test release on:every-failure"),
        more=("It takes the words of watch, and keeps nothing.",),
    ),
    Verb.MUTE: Usage(
        takes="<target or id> [for 2h, until mon 09:00, until fixed]",
        does="silence here, for a day where nothing is said",
        examples=("mute release for 2h", "mute release until fixed"),
        more=(
            TARGET,
            "For 30m, 2h or 3d; until 17:30, tomorrow, mon 09:00 or 2026-12-24.",
            "Until fixed is for what is broken now; a year is the longest.",
            _PLACE,
        ),
    ),
    Verb.UNMUTE: Usage(
        takes="<target or id>",
        does="hear of it again",
        examples=("unmute release", "unmute m2p9q"),
        more=(_PLACE,),
    ),
    Verb.MUTES: Usage(
        does="what is silent here",
        examples=("mutes", "mutes in #ci"),
    ),
    Verb.ACK: Usage(
        takes="<target>",
        does="I am on it; in the thread of an alert, @Runbell ack",
        examples=("ack release", "ack release in #ci"),
        more=(_IN_A_THREAD.format(Verb.ACK),),
    ),
    Verb.UNACK: Usage(
        takes="<target>",
        does="nobody is on it any more",
        examples=("unack release", "unack release in #ci"),
        more=(_IN_A_THREAD.format(Verb.UNACK),),
    ),
    Verb.FOLLOW: Usage(
        takes="<target> [number]",
        does="tell me in a direct message when that run ends",
        examples=("follow release", "follow release 12 in #ci"),
        more=(TARGET, _RUN, "With in #channel its card stands there, too."),
    ),
    Verb.UNFOLLOW: Usage(
        takes="<target> [number]",
        does="do not tell me any more",
        examples=("unfollow release", "unfollow release 12"),
        more=(_RUN,),
    ),
    Verb.WHY: Usage(
        takes="<target> [number]",
        does="which rule rang, which did not, and why",
        examples=("why release", "why release 12"),
        more=("The link of an alert's message does as well.",),
    ),
    Verb.HEALTH: Usage(
        does="how each connection is, and the watch",
        examples=("health", "doctor"),
    ),
    Verb.HELP: Usage(
        takes="[verb]",
        does="this; with a verb, its words and examples",
        examples=("help", "help watch"),
    ),
}
"""Every verb, in the order in which people want to know of it."""
