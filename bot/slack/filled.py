"""What somebody has filled in so far, read with care.

https://docs.slack.dev/reference/views/view-interaction-payloads
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.answers import Form
from bot.commands.asker import Asker
from bot.records import Event, Style
from bot.render.dialog import CALLBACK, NO_TARGET, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form, who fills it in, and where it was asked for."""

    form: Form
    asker: Asker
    url: str
    """The `response_url` of where it was asked for."""
    view: str = ""
    """Slack's id of the modal; empty while it is not open."""
    hash: str = ""
    """Slack's word for what the modal showed when this was filled in."""

    @property
    def here(self) -> str | None:
        """The channel it was asked for in; `None` in a direct message."""
        return None if self.asker.is_direct else self.asker.channel or None

    @property
    def metadata(self) -> str:
        """What Slack keeps beside the fields: all that is in none of them."""
        form, asker = self.form, self.asker
        kept = {
            "watch": form.watch,
            "target": form.target if form.watch else None,
            "name": form.name if form.watch else None,
            "rest": form.rest,
            "asked_in": asker.channel,
            "thread": asker.thread,
            "is_direct": asker.is_direct,
            "url": self.url,
        }
        told = {name: value for name, value in kept.items() if value}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Filled | None:
        """Return what is filled in by now; `None` where it is no form of ours."""
        view = _mapping(body.get("view"))
        kept = _kept(view.get("private_metadata"))
        if view.get("callback_id") != CALLBACK or kept is None:
            return None
        watch = _text(kept.get("watch"))
        form = Form(
            watch=watch,
            target=_text(kept.get("target")) if watch else None,
            name=(_text(kept.get("name")) or "") if watch else "",
            rest=_text(kept.get("rest")) or "",
        )
        asker = Asker(
            user=str(_mapping(body.get("user")).get("id") or ""),
            channel=_text(kept.get("asked_in")) or "",
            thread=_text(kept.get("thread")),
            is_direct=kept.get("is_direct") is True,
        )
        found = cls(
            form=_with_fields(form, _state(body, view)),
            asker=asker,
            url=_text(kept.get("url")) or "",
            view=_text(view.get("id")) or "",
            hash=_text(view.get("hash")) or "",
        )
        # That it is told here goes without saying, as when it is typed.
        is_here = found.form.channel == found.here
        return (
            replace(found, form=replace(found.form, channel=None)) if is_here else found
        )


def _with_fields(form: Form, state: Mapping[str, Mapping[str, Any]]) -> Form:
    if Field.TARGET in state and form.watch is None:
        chosen = _mapping(state[Field.TARGET].get("selected_option"))
        target = _text(chosen.get("value"))
        if target != NO_TARGET:
            name = _text(_mapping(chosen.get("text")).get("text")) or ""
            form = replace(form, target=target, name=name)
    if Field.CHANNEL in state and form.watch is None:
        channel = _text(state[Field.CHANNEL].get("selected_conversation"))
        form = replace(form, channel=channel)
    if Field.ON in state:
        ticked = state[Field.ON].get("selected_options")
        options = ticked if isinstance(ticked, list) else ()
        values = [_mapping(option).get("value") for option in options]
        form = replace(form, on=frozenset(e for e in Event if e.value in values))
    if Field.BRANCH in state:
        form = replace(form, branch=_text(state[Field.BRANCH].get("value")) or "")
    if Field.MENTION in state:
        form = replace(form, mention=_text(state[Field.MENTION].get("selected_user")))
    if Field.STYLE in state:
        style = _mapping(state[Field.STYLE].get("selected_option")).get("value")
        known = next((s for s in Style if s.value == style), form.style)
        form = replace(form, style=known)
    return form


def _state(
    body: Mapping[str, Any], view: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """Return what stands in each field, what was changed just now included."""
    values = _mapping(_mapping(view.get("state")).get("values"))
    found: dict[str, Mapping[str, Any]] = {}
    for field in Field:
        entry = _mapping(_mapping(values.get(field.value)).get(field.action_id))
        if entry:
            found[field] = entry
    changes = body.get("actions")
    for change in changes if isinstance(changes, list) else ():
        block = _text(_mapping(change).get("block_id"))
        if block in set(Field):
            found[block] = _mapping(change)
    return found


def _kept(text: object) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
