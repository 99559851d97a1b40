"""Rich text: what the message composer makes, and what needs no escaping.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.slack.blocks.objects import ID
from bot.demo.slack.blocks.rules import (
    Fields,
    Rule,
    boolean,
    by_type,
    integer,
    items,
    kind,
    one_of,
    string,
    thing,
)

WORD = string()

STYLES = (
    "bold",
    "italic",
    "strike",
    "code",
    "underline",
    "highlight",
    "client_highlight",
    "unlink",
)
STYLE: Fields = {
    "style": thing({}, dict.fromkeys(STYLES, boolean)),
}

PARTS = dict(
    [
        kind("text", {"text": WORD}, STYLE),
        kind("link", {"url": WORD}, {**STYLE, "text": WORD, "unsafe": boolean}),
        kind(
            "emoji", {"name": WORD}, {**STYLE, "unicode": WORD, "skin_tone": integer(1)}
        ),
        kind("user", {"user_id": WORD}, STYLE),
        kind("channel", {"channel_id": WORD}, STYLE),
        kind("usergroup", {"usergroup_id": WORD}, STYLE),
        kind("broadcast", {"range": one_of("here", "channel", "everyone")}, STYLE),
        kind("color", {"value": WORD}, STYLE),
        kind(
            "date",
            {"timestamp": integer(0), "format": WORD},
            {**STYLE, "url": WORD, "fallback": WORD},
        ),
    ]
)
PART = by_type(PARTS)
PLAIN_PART = by_type({name: PARTS[name] for name in ("text", "link")})

SECTION = kind("rich_text_section", {"elements": items(PART, least=0)})
BORDER = integer(0, 1)

CONTAINERS = dict(
    [
        SECTION,
        kind(
            "rich_text_list",
            {
                "elements": items(by_type(dict([SECTION])), least=0),
                "style": one_of("bullet", "ordered"),
            },
            {"indent": integer(0, 8), "offset": integer(0), "border": BORDER},
        ),
        kind(
            "rich_text_preformatted",
            {"elements": items(PLAIN_PART, least=0)},
            {"border": BORDER, "language": WORD},
        ),
        kind("rich_text_quote", {"elements": items(PART, least=0)}, {"border": BORDER}),
    ]
)

RICH_TEXT_ROW = kind(
    "rich_text", {"elements": items(by_type(CONTAINERS), least=1)}, {"block_id": ID}
)
RICH_TEXT: Rule = by_type(dict([RICH_TEXT_ROW]))


def texts(value: Any) -> Iterator[str]:
    """Yield every text inside a rich text value, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
