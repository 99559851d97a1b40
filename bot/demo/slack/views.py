"""Modals, at most three deep, and the Home tab of each person.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.slack.blocks.check import complete
from bot.demo.slack.errors import ApiError
from bot.demo.slack.workspace import User, Workspace

DEEPEST = 3

DEFAULTS: Mapping[str, Any] = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "submit": None,
    "close": None,
}


@dataclass(eq=False, slots=True)
class View:
    """One view, shown to one person."""

    id: str
    user: User
    content: dict[str, Any]
    """What the app sent, with the ids Slack made up."""
    hash: str
    root_id: str
    previous_id: str | None = None

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The rows of the view."""
        blocks: list[dict[str, Any]] = self.content["blocks"]
        return blocks

    @property
    def is_modal(self) -> bool:
        """Whether it is a modal, or else a Home tab."""
        return bool(self.content["type"] == "modal")


class Views:
    """The views that are open."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: User) -> list[View]:
        """Return a person's modals, the one on top last."""
        return self._stacks.setdefault(user.id, [])

    def home(self, user: User) -> View | None:
        """Return what the person's Home tab shows."""
        return self._homes.get(user.id)

    def open(self, user: User, content: Mapping[str, Any]) -> View:
        """Show a modal; whatever was open is gone."""
        self.stack(user).clear()
        return self.push(user, content)

    def push(self, user: User, content: Mapping[str, Any]) -> View:
        """Show a modal on top of the others.

        Raises:
            ApiError: `push_limit_reached`.

        """
        stack = self.stack(user)
        if len(stack) >= DEEPEST:
            raise ApiError("push_limit_reached")
        view = self._new(user, content)
        if stack:
            view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def update(self, view: View, content: Mapping[str, Any], hash_: str | None) -> View:
        """Show something else in a view.

        Raises:
            ApiError: `hash_conflict`, when it changed since the hash was given.

        """
        if hash_ is not None and hash_ != view.hash:
            raise ApiError("hash_conflict")
        self._refuse_same_external_id(content, view)
        view.content = self._finish(content)
        view.hash = self._new_hash()
        return view

    def publish(
        self, user: User, content: Mapping[str, Any], hash_: str | None
    ) -> View:
        """Show something in a person's Home tab.

        Raises:
            ApiError: `hash_conflict`.

        """
        view = self.home(user)
        if view is not None:
            return self.update(view, content, hash_)
        self._homes[user.id] = view = self._new(user, content)
        return view

    def find(self, *, view_id: str | None, external_id: str | None) -> View:
        """Return an open view.

        Raises:
            ApiError: `not_found`.

        """
        for view in self._all():
            if view_id and view.id == view_id:
                return view
            if external_id and view.content["external_id"] == external_id:
                return view
        raise ApiError("not_found")

    def close(self, view: View, *, all_of_them: bool = False) -> None:
        """Take a modal away, and with it what lies on top of it."""
        stack = self.stack(view.user)
        del stack[0 if all_of_them else stack.index(view) :]

    def describe(
        self, view: View, state: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a view as the Web API and the payloads show it."""
        return {
            **copy.deepcopy(view.content),
            "id": view.id,
            "team_id": self._workspace.team_id,
            "app_id": self._workspace.app_id,
            "app_installed_team_id": self._workspace.team_id,
            "bot_id": self._workspace.bot_id,
            "hash": view.hash,
            "root_view_id": view.root_id,
            "previous_view_id": view.previous_id,
            "state": {"values": dict(state or {})},
        }

    def _all(self) -> list[View]:
        stacked = [view for stack in self._stacks.values() for view in stack]
        return [*stacked, *self._homes.values()]

    def _new(self, user: User, content: Mapping[str, Any]) -> View:
        self._refuse_same_external_id(content, None)
        view_id = self._workspace.new_id("V")
        return View(view_id, user, self._finish(content), self._new_hash(), view_id)

    def _finish(self, content: Mapping[str, Any]) -> dict[str, Any]:
        blocks = complete(list(content["blocks"]), self._workspace.random)
        return {**DEFAULTS, **copy.deepcopy(dict(content)), "blocks": blocks}

    def _refuse_same_external_id(
        self, content: Mapping[str, Any], view: View | None
    ) -> None:
        wanted = content.get("external_id")
        others = [other for other in self._all() if other is not view]
        if wanted and any(o.content["external_id"] == wanted for o in others):
            raise ApiError("duplicate_external_id")

    def _new_hash(self) -> str:
        random = self._workspace.random
        return f"{self._workspace.stamp()}.{random.getrandbits(32):08x}"
