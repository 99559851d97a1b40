"""manifest.yml, with one's own command name and, for HTTP mode, one's own address.

The text is edited in place: its comments, which say what each scope is for, stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import TypeAdapter, ValidationError

import bot
from bot.settings import Command
from bot.settings.plain_yaml import read
from bot.settings.references import resolve
from providers.settings import Address

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

NAME = "manifest.yml"
PATH = "/slack/events"
"""Where the bot takes commands, events and interactions alike."""

LONGEST_URL = 3000
"""https://docs.slack.dev/reference/app-manifest"""

TEXT = "tag:yaml.org,2002:str"


class ManifestError(ValueError):
    """The command or the address cannot be used; the message says what to write."""


def source() -> str:
    """Return manifest.yml as shipped: in the package, or beside it in a checkout."""
    shipped = files(bot) / NAME
    if shipped.is_file():
        return shipped.read_text("utf-8")
    return (Path(bot.__file__).parents[1] / NAME).read_text("utf-8")


def scopes(text: str) -> frozenset[str]:
    """Return the scopes that a manifest asks for, for the bot."""
    asked = yaml.safe_load(text).get("oauth_config", {}).get("scopes", {})
    return frozenset(asked.get("bot", ()))


def configured_command(path: Path, environ: Mapping[str, str]) -> str | None:
    """Return the command's name in a configuration; `None` where it has none.

    The rest of it is not looked at: the app is made before there are any tokens.

    Raises:
        SettingsError: the file cannot be read, or the name cannot be had.

    """
    document = read(path)
    document.data = {k: v for k, v in document.data.items() if k == "command"}
    resolve(document, environ, path.parent)
    document.raise_problems()
    command = document.data.get("command")
    return None if command is None else str(command)


def manifest(text: str, *, command: str | None = None, url: str | None = None) -> str:
    """Return a manifest for another command name, or for HTTP mode.

    Args:
        text: The manifest, for Socket Mode.
        command: The slash command's name; as in the text where it is `None`.
        url: Where Slack can reach the bot; with it, the manifest is for HTTP mode.

    Raises:
        ManifestError: Slack would not accept the command or the address.

    """
    if command is not None:
        text = _renamed(text, _legal_command(command))
    return text if url is None else _for_http(text, _request_url(url))


def _renamed(text: str, command: str) -> str:
    root = _composed(text)
    old = str(_at(root, ("features", "slash_commands", 0, "command")).value)
    word = re.compile(rf"(?<![\w/]){re.escape(old)}(?![\w-])")
    edits = [
        _Edit.replace(leaf, renamed)
        for leaf in _leaves(root)
        if (renamed := word.sub(command, leaf.value)) != leaf.value
    ]
    return _edited(text, edits)


def _for_http(text: str, url: str) -> str:
    root, data = _composed(text), yaml.safe_load(text)
    settings = data.get("settings", {})
    edits = [
        _Edit.put(_at(root, ("features", "slash_commands", number)), "url", url)
        for number, _ in enumerate(data["features"]["slash_commands"])
    ]
    if "event_subscriptions" in settings:
        section = _at(root, ("settings", "event_subscriptions"))
        edits.append(_Edit.put(section, "request_url", url))
    if settings.get("interactivity", {}).get("is_enabled"):
        section = _at(root, ("settings", "interactivity"))
        # Where menus that are searched as one types ask for what to offer.
        # https://docs.slack.dev/reference/app-manifest
        names = ("request_url", "message_menu_options_url")
        edits += [_Edit.put(section, name, url) for name in names]
    edits.append(
        _Edit.put(_at(root, ("settings",)), "socket_mode_enabled", value=False)
    )
    return _edited(text, edits)


def _legal_command(command: str) -> str:
    try:
        return TypeAdapter(Command).validate_python(command)
    except ValidationError as error:
        raise ManifestError(_said(error)) from None


def _request_url(url: str) -> str:
    try:
        address = TypeAdapter(Address).validate_python(url.strip())
    except ValidationError as error:
        raise ManifestError(_said(error)) from None
    full = address if address.endswith(PATH) else f"{address}{PATH}"
    if not full.startswith("https://"):
        raise ManifestError("Slack sends to https:// addresses only")
    if len(full) > LONGEST_URL:
        msg = f"Slack takes addresses of up to {LONGEST_URL} characters"
        raise ManifestError(msg)
    return full


def _said(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    return str(details.get("ctx", {}).get("error") or details["msg"])


@dataclass(frozen=True, slots=True)
class _Edit:
    """A stretch of the text, and what is to stand there instead."""

    start: int
    end: int
    text: str

    @classmethod
    def replace(cls, node: Node, value: object) -> _Edit:
        """Put another value in the place of a node."""
        return cls(node.start_mark.index, node.end_mark.index, _written(value))

    @classmethod
    def put(cls, section: MappingNode, name: str, value: object) -> _Edit:
        """Set one name of a section, which has at least one other."""
        for key, old in section.value:
            if key.value == name:
                return cls.replace(old, value)
        first = section.value[0][0].start_mark
        gap = ", " if section.flow_style else f"\n{' ' * first.column}"
        return cls(first.index, first.index, f"{name}: {_written(value)}{gap}")


def _edited(text: str, edits: list[_Edit]) -> str:
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _written(value: object) -> str:
    """Return a text, true or false; what JSON writes of these, YAML reads."""
    return json.dumps(value, ensure_ascii=False)


def _composed(text: str) -> Node:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None  # noqa: S101 - our own file, which a test reads
    return root


def _at(node: Node, path: tuple[str | int, ...]) -> Any:
    for part in path:
        inner = node.value
        node = inner[part] if isinstance(part, int) else _of(inner, part)
    return node


def _of(pairs: list[tuple[Node, Node]], name: str) -> Node:
    return next(value for key, value in pairs if key.value == name)


def _leaves(node: Node) -> Iterator[Node]:
    """Yield every text in a manifest, but for names."""
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _leaves(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _leaves(item)
    elif node.tag == TEXT:
        yield node
