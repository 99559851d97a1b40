"""views.*: modals and the Home tab.

https://docs.slack.dev/reference/methods?family=views
"""

from __future__ import annotations

from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.content import read_view
from bot.demo.slack.errors import ApiError
from bot.demo.slack.state import State
from bot.demo.slack.views import View

JSON = dict[str, Any]


def open_view(state: State, args: Args) -> JSON:
    """views.open: a modal for the one who has just done something."""
    trigger_id = args.need("trigger_id")
    content = read_view(args, "modal")
    user = state.tickets.redeem(trigger_id).user
    return _shown(state, state.views.open(user, content))


def push_view(state: State, args: Args) -> JSON:
    """views.push: one more modal on top, for something done in a modal."""
    trigger_id = args.need("trigger_id")
    content = read_view(args, "modal")
    trigger = state.tickets.redeem(trigger_id)
    if trigger.view_id is None or not state.views.stack(trigger.user):
        raise ApiError("not_found")
    return _shown(state, state.views.push(trigger.user, content))


def update_view(state: State, args: Args) -> JSON:
    """views.update: something else in an open view."""
    content = read_view(args, "modal", "home")
    view = state.views.find(
        view_id=args.text("view_id"), external_id=args.text("external_id")
    )
    return _shown(state, state.views.update(view, content, args.text("hash")))


def publish_view(state: State, args: Args) -> JSON:
    """views.publish: what one person sees in the app's Home tab."""
    user = state.workspace.known_user(args.need("user_id"))
    content = read_view(args, "home")
    return _shown(state, state.views.publish(user, content, args.text("hash")))


def _shown(state: State, view: View) -> JSON:
    state.changes.announce()
    return {"view": state.views.describe(view)}
