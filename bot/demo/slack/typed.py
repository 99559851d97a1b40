"""What a person types → what the app receives.

https://docs.slack.dev/interactivity/implementing-slash-commands#escaping-users-warning
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

import re

from bot.demo.slack.workspace import Workspace

LINK = re.compile(r"(?P<url>(?:https?://|mailto:)[^\s|>]*[^\s|>.,;:!?)\]'\"])")
NAME = re.compile(r"(?<![\w<])(?P<sign>[@#])(?P<name>[\w.-]*\w)")
ENTITY = re.compile(r"<(?:[@#!][A-Z0-9]|https?://|mailto:)[^<>]*>")


def escaped(text: str, workspace: Workspace, *, labels: bool = True) -> str:
    """Return typed text with entities for the people, channels and addresses in it.

    In a slash command a person's name stands beside their id, in a message it does
    not: `labels` says which.
    What is written as an entity already stays one, so that a test may type either.
    A name nobody has stays as it was typed, as in Slack.
    """
    parts: list[str] = []
    end = 0
    for match in re.finditer(f"{ENTITY.pattern}|{LINK.pattern}", text):
        parts.append(_names(text[end : match.start()], workspace, labels=labels))
        whole = match[0]
        parts.append(whole if whole.startswith("<") else f"<{_plain(whole)}>")
        end = match.end()
    parts.append(_names(text[end:], workspace, labels=labels))
    return "".join(parts)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _names(text: str, workspace: Workspace, *, labels: bool) -> str:
    def entity(match: re.Match[str]) -> str:
        sign, name = match["sign"], match["name"]
        try:
            if sign == "@":
                label = f"|{name}" if labels else ""
                return f"<@{workspace.user(name).id}{label}>"
            channel = workspace.channel(name)
        except LookupError:
            return match[0]
        # Of a private channel only the id is told.
        return f"<#{channel.id}|{'' if channel.is_private else name}>"

    return NAME.sub(entity, _plain(text))
