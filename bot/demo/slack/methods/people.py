"""auth.*, users.*, bots.*: who is who.

https://docs.slack.dev/reference/methods?family=users
"""

from __future__ import annotations

from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.errors import ApiError
from bot.demo.slack.methods.paging import page
from bot.demo.slack.state import State

JSON = dict[str, Any]


def auth_test(state: State, _args: Args) -> JSON:
    """auth.test: whose token this is."""
    workspace = state.workspace
    return {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.domain.title(),
        "user": workspace.bot.name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def user_info(state: State, args: Args) -> JSON:
    """users.info: one person."""
    user = state.workspace.known_user(args.need("user"))
    return {"user": state.workspace.describe_user(user)}


def user_list(state: State, args: Args) -> JSON:
    """users.list: everybody."""
    some, more = page(args, list(state.workspace.users.values()))
    return {"members": [state.workspace.describe_user(u) for u in some], **more}


def user_by_email(state: State, args: Args) -> JSON:
    """users.lookupByEmail: the person with this address."""
    wanted = args.need("email")
    for user in state.workspace.users.values():
        if not user.is_bot and user.email == wanted:
            return {"user": state.workspace.describe_user(user)}
    raise ApiError("users_not_found")


def bot_info(state: State, args: Args) -> JSON:
    """bots.info: the app as the author of messages."""
    workspace = state.workspace
    if args.text("bot") not in (None, workspace.bot_id):
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": workspace.bot_id,
            "deleted": False,
            "name": workspace.bot.name,
            "app_id": workspace.app_id,
            "user_id": workspace.bot.id,
        }
    }
