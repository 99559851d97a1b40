"""What the app is told, field by field as Slack writes it.

Commands: https://docs.slack.dev/interactivity/implementing-slash-commands
Interactions: https://docs.slack.dev/reference/interaction-payloads
Events: https://docs.slack.dev/apis/events-api/#event-type-structure
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.delivery import Envelope
from bot.demo.slack.inputs import state_of
from bot.demo.slack.messages import Message
from bot.demo.slack.state import State
from bot.demo.slack.views import View
from bot.demo.slack.workspace import Channel, User

JSON = dict[str, Any]
Place = Message | View
"""Where something can be pressed."""

OLD_TOKEN = "an-old-token-nobody-should-check"  # noqa: S105 - Slack still sends one


def channel_name(channel: Channel) -> str:
    """Return the name as commands and interactions tell it: hidden when private."""
    return "privategroup" if channel.is_private else channel.name


def command(
    state: State, user: User, channel: Channel, name: str, text: str, response_url: str
) -> Envelope:
    """Return a typed slash command."""
    workspace = state.workspace
    form = {
        "token": OLD_TOKEN,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": state.tickets.trigger(user),
    }
    return Envelope("slash_commands", form)


def event(state: State, inner: Mapping[str, Any]) -> Envelope:
    """Return an event; its `event_id` stays the same however often it is sent."""
    workspace = state.workspace
    outer = {
        "token": OLD_TOKEN,
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": dict(inner),
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(state.clock.now().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{workspace.new_id('E')}",
    }
    return Envelope("events_api", outer)


def spoken(state: State, message: Message, kind: str) -> JSON:
    """Return the inner event of something a person said."""
    inner: JSON = {
        "type": kind,
        "user": message.user.id,
        "ts": message.ts,
        "client_msg_id": f"{state.random.getrandbits(128):032x}",
        "text": message.text,
        "team": state.workspace.team_id,
        "channel": message.channel.id,
        "event_ts": message.ts,
    }
    if message.is_reply:
        inner["thread_ts"] = message.thread_ts
    if message.channel.is_im:
        inner["channel_type"] = "im"
    return inner


def interaction(
    state: State, user: User, kind: str, more: Mapping[str, Any]
) -> Envelope:
    """Return an interaction; `more` is what its kind has besides."""
    workspace = state.workspace
    payload = {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": workspace.team_id,
        },
        "api_app_id": workspace.app_id,
        "token": OLD_TOKEN,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }
    return Envelope("interactive", payload)


def container(
    state: State, place: Place, given: Mapping[str, Any] | None = None
) -> JSON:
    """Return the part of an interaction that says where it was, and what is filled in.

    Of an ephemeral message only its place is told: Slack does not keep what it said.
    """
    if isinstance(place, View):
        return {
            "container": {"type": "view", "view_id": place.id},
            "view": state.views.describe(place, state_of(place.blocks, given)),
        }
    where: JSON = {
        "type": "message",
        "message_ts": place.ts,
        "channel_id": place.channel.id,
        "is_ephemeral": place.is_ephemeral,
    }
    if place.is_reply:
        where["thread_ts"] = place.thread_ts
    told: JSON = {
        "container": where,
        "channel": {"id": place.channel.id, "name": channel_name(place.channel)},
        "state": {"values": state_of(place.blocks, given)},
    }
    if not place.is_ephemeral:
        told["message"] = place.wire()
    return told
