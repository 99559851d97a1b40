"""A message as Slack takes it, within Slack's limits by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Block = dict[str, Any]
Element = dict[str, Any]

# https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_TEXT = 3000
"""Slack cuts at 40,000 and advises 4,000; an update refuses more than 4,000."""
LONGEST_WORD = 300
"""How much of a single name or message is shown."""
LONGEST_URL = 3000
LONGEST_LOG = 2800
"""How much of a log is shown; it is the end that tells."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks for the eye, and text that says the same in short."""

    text: str
    """mrkdwn, escaped; read out by screen readers and shown in notifications."""
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, text: str, blocks: Sequence[Block]) -> Message:
        """Return a message that fits; what does not is cut, and says so."""
        kept = list(blocks)
        if len(kept) > MOST_BLOCKS:
            kept = kept[: MOST_BLOCKS - 1]
            cut = len(blocks) - len(kept)
            kept.append(lines([[plain(f"… and {cut} more sections: ask for less.")]]))
        return cls(clip(escape(text), LONGEST_TEXT), tuple(kept))


def printable(text: str) -> str:
    """Return text without control characters, changes of direction and half letters."""
    kept = (c if c.isprintable() or c == "\u2003" else " " * c.isspace() for c in text)
    return "".join(kept)


def clip(text: str, longest: int) -> str:
    """Return the text, cut to a length, with an ellipsis where it was."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def escape(text: str) -> str:
    """Return text that no mrkdwn parser takes for a mention or a link.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def header(text: str) -> Block:
    """Return a heading; plain text, so nothing in it is parsed."""
    return {
        "type": "header",
        "text": {
            "type": "plain_text",
            "text": clip(text, LONGEST_HEADER) or "…",
            "emoji": True,
        },
    }


def lines(rows: Sequence[Sequence[Element]]) -> Block:
    """Return rich text with a line a row; a row is a list of elements."""
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": list(row)} for row in rows
        ],
    }


def preformatted(text: str) -> Block:
    """Return text as it stands, line by line, cut at its beginning where it must be."""
    clean = "\n".join(printable(line.expandtabs()) for line in text.splitlines())
    kept = clean if len(clean) <= LONGEST_LOG else f"…{clean[-LONGEST_LOG + 1 :]}"
    section = {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": kept or " "}],
    }
    return {"type": "rich_text", "elements": [section]}


def plain(text: str) -> Element:
    """Return text that is shown as it is, but for what does not print."""
    return {"type": "text", "text": clip(printable(text), LONGEST_WORD) or " "}


def bold(text: str) -> Element:
    """Return text in bold."""
    return {**plain(text), "style": {"bold": True}}


def code(text: str) -> Element:
    """Return text as code."""
    return {**plain(text), "style": {"code": True}}


def faint(text: str) -> Element:
    """Return text of less weight; rich text knows italics only."""
    return {**plain(text), "style": {"italic": True}}


def link(text: str, url: str | None) -> Element:
    """Return a link, or bold text where there is no usable address."""
    usable = url and url.startswith(("https://", "http://")) and len(url) < LONGEST_URL
    if not usable:
        return bold(text)
    return {
        "type": "link",
        "url": url,
        "text": clip(printable(text), LONGEST_WORD) or "link",
        "style": {"bold": True},
    }


def ago(moment: datetime, now: datetime) -> Element:
    """Return how long ago something was, by the reader's own clock.

    Where dates are not understood, the time is shown in the zone that `now` is in.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    try:
        fallback = moment.astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M %Z")
    except OverflowError:  # the first or the last day that a calendar has
        fallback = moment.strftime("%Y-%m-%d %H:%M %Z")
    return {
        "type": "date",
        "timestamp": int(moment.timestamp()),
        "format": "{ago}",
        "fallback": fallback,
    }


def row(*cells: Element | str | None, between: str = " · ") -> list[Element]:
    """Return the cells of a line with a separator between those there are."""
    found = [plain(c) if isinstance(c, str) else c for c in cells if c]
    spread: list[Element] = []
    for cell in found:
        spread += [plain(between), cell] if spread else [cell]
    return spread
