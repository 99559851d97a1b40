"""A message as Slack takes it, within Slack's limits by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
MOST_TEXT = 11_000
"""Characters of all texts and addresses together. Slack names no limit, and refuses
(`msg_blocks_too_long`) from about 12,000 on:
https://github.com/slackapi/bolt-js/issues/2509
"""
MOST_SECTIONS = MOST_BLOCKS - 2
"""Blocks that say something: there is room for who shared it, and for the buttons."""

WITHOUT_BLOCKS = "(Slack did not take the full answer; this is the gist of it.)"


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks for the eye, and text that says the same in short."""

    text: str
    """mrkdwn, escaped; read out by screen readers and shown in notifications."""
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, text: str, blocks: Sequence[Block]) -> Message:
        """Return a message that fits; what does not is cut, and says so."""
        return cls(clip(escape(text), LONGEST_TEXT), tuple(_fitting(blocks)))

    def above(self, block: Block | None) -> Message:
        """Return the message with a block below it, such as its buttons."""
        return self if block is None else replace(self, blocks=(*self.blocks, block))

    def plainly(self) -> Message:
        """Return the same as text alone, for when Slack does not take the blocks."""
        return Message(f"{self.text}\n{WITHOUT_BLOCKS}", ())

    def shared_by(self, person: str) -> Message:
        """Return the message with a line on top that says who shared it, by their id.

        https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#user-element-type
        """
        line = lines([[faint("shared by "), {"type": "user", "user_id": person}]])
        return replace(self, blocks=(line, *self.blocks))


def _fitting(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that fit into a message, and how much is left out."""
    kept: list[Block] = []
    room = MOST_TEXT
    for block in blocks[:MOST_SECTIONS]:
        part = _beginning(block, room)
        if part is None:
            break
        kept.append(part)
        room -= _weight(part)
        if len(part.get("elements", ())) < len(block.get("elements", ())):
            break
    lines_out = sum(
        len(whole["elements"]) - len(part["elements"])
        for whole, part in zip(blocks, kept, strict=False)
        if "elements" in whole
    )
    if not lines_out and len(kept) == len(blocks):
        return kept
    kept = kept[: MOST_SECTIONS - 1]
    left_out = [
        f"{count} more {what}"
        for count, what in ((lines_out, "lines"), (len(blocks) - len(kept), "sections"))
        if count
    ]
    return [*kept, lines([[plain(f"… and {' and '.join(left_out)}: ask for less.")]])]


def _beginning(block: Block, room: int) -> Block | None:
    """Return as many lines of a block as there is room for; `None` where for none."""
    if _weight(block) <= room:
        return block
    fitting: list[Element] = []
    for line in block.get("elements", ()):
        room -= _weight(line)
        if room < 0:
            break
        fitting.append(line)
    return {**block, "elements": fitting} if fitting else None


def _weight(value: Any) -> int:
    """Return how many characters Slack counts: texts, and addresses of links."""
    if isinstance(value, dict):
        counted = (value.get(name) for name in ("text", "url", "fallback"))
        own = sum(len(text) for text in counted if isinstance(text, str))
        return own + sum(_weight(inner) for inner in value.values())
    return sum(map(_weight, value)) if isinstance(value, list) else 0


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


def section(text: str, accessory: Element | None) -> Block:
    """Return plain text, in which nothing is parsed, with something to press beside it.

    https://docs.slack.dev/reference/block-kit/blocks/section-block
    """
    said = {
        "type": "plain_text",
        "text": clip(text, LONGEST_TEXT) or "…",
        "emoji": True,
    }
    beside = {"accessory": accessory} if accessory else {}
    return {"type": "section", "text": said, **beside}


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


_KNOWN_BY: Mapping[str, str] = {
    "C": "channel",
    "G": "channel",
    "U": "user",
    "W": "user",
    "S": "usergroup",
}
"""What Slack's ids of each first letter are of."""


def named(ident: str) -> Element:
    """Return a channel, a person or a group by Slack's id; what is no id, as it is.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
    """
    sort = _KNOWN_BY.get(ident[:1]) if ident.isalnum() and ident.isascii() else None
    return {"type": sort, f"{sort}_id": ident} if sort else bold(ident)


def is_address(url: str | None) -> bool:
    """Return whether this can be the address of a link."""
    if url is None or len(url) >= LONGEST_URL:
        return False
    return url.startswith(("https://", "http://"))


def link(text: str, url: str | None) -> Element:
    """Return a link, or bold text where there is no usable address."""
    if not is_address(url):
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
