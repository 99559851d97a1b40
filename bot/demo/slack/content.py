"""What an app wants to say → what Slack takes of it, or why it does not.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

from random import Random
from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.blocks.check import (
    ATTACHMENTS,
    check_attachments,
    check_blocks,
    check_view,
    complete,
    is_too_large,
)
from bot.demo.slack.blocks.layout import MARKDOWN_MOST
from bot.demo.slack.errors import ApiError
from bot.demo.slack.messages import Content

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
"""https://docs.slack.dev/reference/methods/chat.update#errors"""

NOT_SHOWN = "This content can't be displayed."
"""What Slack writes where a message has blocks but no text."""


def read_content(args: Args, random: Random, *, longest: int = LONGEST_TEXT) -> Content:
    """Return what a message is to say.

    Raises:
        ApiError: `no_text`, `msg_too_long`, `invalid_blocks` and their like.

    """
    text = read_text(args, longest=longest)
    blocks = read_blocks(args, random) or []
    attachments = read_attachments(args) or []
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    return Content(
        text=text or NOT_SHOWN,
        blocks=blocks,
        attachments=attachments,
        metadata=read_metadata(args),
    )


def read_text(args: Args, *, longest: int) -> str | None:
    """Return the text, or None when there is none.

    Raises:
        ApiError: `msg_too_long` or `markdown_text_conflict`.

    """
    markdown = args.text("markdown_text")
    if markdown is not None:
        if "text" in args or "blocks" in args:
            raise ApiError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_MOST:
            raise ApiError("msg_too_long")
        return markdown
    text = args.text("text")
    if text is not None and len(text) > longest:
        raise ApiError("msg_too_long")
    return text


def read_blocks(args: Args, random: Random) -> list[dict[str, Any]] | None:
    """Return the blocks, or None when there are none given.

    Raises:
        ApiError: `invalid_blocks`, or `invalid_blocks_format` for broken JSON.

    """
    blocks = args.json("blocks", refusal="invalid_blocks_format")
    if blocks is None:
        return None
    if problems := check_blocks(blocks):
        raise ApiError("invalid_blocks", problems=problems)
    return complete(blocks, random)


def read_attachments(args: Args) -> list[dict[str, Any]] | None:
    """Return the attachments, or None when there are none given.

    Raises:
        ApiError: `invalid_attachments` or `too_many_attachments`.

    """
    attachments = args.json("attachments", refusal="invalid_attachments")
    if attachments is None:
        return None
    if problems := check_attachments(attachments):
        raise ApiError("invalid_attachments", problems=problems)
    if len(attachments) > ATTACHMENTS:
        raise ApiError("too_many_attachments")
    return list(attachments)


def read_metadata(args: Args) -> dict[str, Any] | None:
    """Return the metadata; None for none, also when `{}` asks to remove it.

    https://docs.slack.dev/messaging/message-metadata

    Raises:
        ApiError: `invalid_metadata_format`.

    """
    metadata = args.json("metadata", refusal="invalid_metadata_format")
    if not metadata:
        return None
    named = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not named or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    return dict(metadata)


def read_view(args: Args, *kinds: str) -> dict[str, Any]:
    """Return a view to be shown.

    Raises:
        ApiError: `invalid_arguments`, saying where, or `view_too_large`.

    """
    view = args.json("view", refusal="invalid_arguments")
    if problems := check_view(view, kinds):
        raise ApiError("invalid_arguments", problems=problems)
    if is_too_large(view):
        raise ApiError("view_too_large")
    return dict(view)
