"""Every method the local Slack knows: what it does, what it asks for, how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.errors import ApiError
from bot.demo.slack.methods import chat, conversations, people, views
from bot.demo.slack.state import State

Carry = Callable[[State, Args], dict[str, Any]]

# https://docs.slack.dev/apis/web-api/rate-limits#tiers, calls a minute
TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600

KINDS = ("channels", "groups", "im", "mpim")
READ = tuple(f"{kind}:read" for kind in KINDS)
HISTORY = tuple(f"{kind}:history" for kind in KINDS)
WRITE = ("chat:write",)

CONNECT = "apps.connections.open"
"""The one method that takes the app-level token; the server answers it itself."""


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table; of `scopes`, any one is enough, and none may be needed."""

    carry: Carry
    scopes: tuple[str, ...]
    per_minute: int


METHODS: Mapping[str, Method] = {
    "auth.test": Method(people.auth_test, (), SPECIAL),
    "bots.info": Method(people.bot_info, ("users:read",), TIER_3),
    "chat.delete": Method(chat.delete, WRITE, TIER_3),
    "chat.getPermalink": Method(chat.get_permalink, (), SPECIAL),
    "chat.postEphemeral": Method(chat.post_ephemeral, WRITE, TIER_4),
    "chat.postMessage": Method(chat.post_message, WRITE, SPECIAL),
    "chat.update": Method(chat.update, WRITE, TIER_3),
    "conversations.history": Method(conversations.history, HISTORY, TIER_3),
    "conversations.info": Method(conversations.info, READ, TIER_3),
    "conversations.join": Method(conversations.join, ("channels:join",), TIER_3),
    "conversations.list": Method(conversations.list_all, READ, TIER_2),
    "conversations.members": Method(conversations.members, READ, TIER_4),
    "conversations.open": Method(
        conversations.open_dm, ("im:write", "mpim:write"), TIER_3
    ),
    "conversations.replies": Method(conversations.replies, HISTORY, TIER_3),
    "reactions.add": Method(chat.add_reaction, ("reactions:write",), TIER_3),
    "users.conversations": Method(conversations.of_bot, READ, TIER_2),
    "users.info": Method(people.user_info, ("users:read",), TIER_4),
    "users.list": Method(people.user_list, ("users:read",), TIER_2),
    "users.lookupByEmail": Method(people.user_by_email, ("users:read.email",), TIER_3),
    "views.open": Method(views.open_view, (), TIER_4),
    "views.publish": Method(views.publish_view, (), TIER_4),
    "views.push": Method(views.push_view, (), TIER_4),
    "views.update": Method(views.update_view, (), TIER_4),
}

ALL_SCOPES = frozenset(
    {"commands", "app_mentions:read"}.union(*(row.scopes for row in METHODS.values()))
)
"""What an app is granted unless a test says otherwise: enough for every method.

Not `chat:write.public`, which is no method's but the right to post where one is not.
"""


def carry_out(state: State, name: str, args: Args) -> dict[str, Any]:
    """Carry out a call that came with the bot's token, and return its answer.

    Raises:
        ApiError: what is wrong with it, in Slack's word.

    """
    method = METHODS.get(name)
    if method is None:
        raise ApiError("unknown_method", req_method=name)
    if method.scopes and not state.scopes.intersection(method.scopes):
        raise ApiError(
            "missing_scope",
            needed=",".join(method.scopes),
            provided=",".join(sorted(state.scopes)),
        )
    state.limits.count_call(name, method.per_minute)
    return {"ok": True, **method.carry(state, args)}
