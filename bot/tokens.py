"""A text → its words, and a word → how it is typed; pure.

Curly quotes, long dashes and full-width punctuation mean what they look like, and what
Slack does to links, channels, people and three characters is undone. What stands in
quotes is taken as it is; a backslash before a quote, a `<` or another backslash does
the same for that one character, in quotes and outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from typing_extensions import override

QUOTES = '"“”„‟″＂'

_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
        **dict.fromkeys("：﹕", ":"),
        **dict.fromkeys("，、﹐", ","),
        **dict(zip("０１２３４５６７８９", "0123456789", strict=True)),
        "？": "?",
        "＃": "#",
        "＊": "*",
        # Slack's way to write code, which our own suggestions are shown in; and what
        # web pages hide in the text that is copied from them.
        **dict.fromkeys("`\u200b\u2060\ufeff", ""),
    }
)
"""What people, phones and pages write instead of a plain character."""

_UNIT = re.compile(
    rf"""
      \\(?P<escaped> [\\<{QUOTES}] | &lt; )
    | <(?P<inner> [^<>|]+ ) (?: \| (?P<label> [^<>]* ) )? >
    | (?P<entity> & (?: amp | lt | gt ) ; )
    | (?P<quote> [{QUOTES}] )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
"""What a text is made of.

Slack escapes three characters, and writes `<url|label>`, `<#C1|name>`, `<@U1|name>`:
https://docs.slack.dev/messaging/formatting-message-text
"""

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("|".join(_ENTITIES))

_TROUBLE = frozenset('"\\<&`')
"""The plain characters that are not read as themselves, outside of quotes."""

_MEANING = _TROUBLE | {*map(chr, _LOOKALIKES), *QUOTES, *"#,"}
"""The characters that may be taken as something else, outside of quotes."""

_LITERAL = " "
"""Stands in `Token.bare`, which has no spaces of its own."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text, and which of its characters may mean something."""

    text: str
    bare: str
    """The same, with a space for every character that is taken as it is."""
    slack_id: str = field(default="", compare=False)
    """Of the channel or person that Slack has put into it; empty where none."""

    @override
    def __str__(self) -> str:
        """Return the word as it would be typed; `tokens` reads it back."""
        pairs = zip(self.text, self.bare, strict=True)
        parts = groupby(pairs, key=lambda pair: _needs_quotes(*pair))
        said = ((quotes, "".join(c for c, _ in part)) for quotes, part in parts)
        return "".join(quoted(part) if quotes else part for quotes, part in said)

    def __len__(self) -> int:
        return len(self.text)

    def cut(self, start: int, end: int | None = None) -> Token:
        """Return a part of the word."""
        return Token(self.text[start:end], self.bare[start:end], self.slack_id)

    def split(self, mark: str) -> tuple[Token, ...]:
        """Return the parts between a character, but where that is taken as it is."""
        ends = [i for i, c in enumerate(self.bare) if c == mark]
        starts = [0, *(end + 1 for end in ends)]
        return tuple(self.cut(a, b) for a, b in zip(starts, [*ends, None], strict=True))


def tokens(text: str) -> tuple[Token, ...]:
    """Return the words of a text; what stands in quotes stays together."""
    found: list[Token] = []
    word: list[_Character] = []
    for character in [*_characters(text), _Character(" ")]:
        if character.is_literal or not character.text.isspace():
            word.append(character)
        elif word:
            found.append(_token(word))
            word = []
    return tuple(found)


def plain(word: str) -> Token:
    """Return a word in which nothing was quoted."""
    return Token(word, word)


def literal(text: str) -> str:
    """Return how a text is typed to be taken as it is: in quotes where need be."""
    needs_quotes = any(c in _MEANING or c.isspace() for c in text)
    return quoted(text) if needs_quotes else text


def quoted(text: str) -> str:
    """Return a text in quotes; `tokens` reads any text back."""
    escaped = re.sub(rf"[\\<{QUOTES}]", r"\\\g<0>", text)
    # What looks as if Slack had escaped something is taken apart.
    apart = _ENTITY.sub(lambda found: f'&""{found[0][1:]}', escaped)
    return f'"{apart}"'


def folded(text: str) -> str:
    """Return what is the same for all texts that are typed alike, letter case aside."""
    return " ".join(text.translate(_LOOKALIKES).casefold().split())


def is_url(word: str) -> bool:
    """Return whether a word is a pasted address."""
    return word[: len("https://")].casefold().startswith(("https://", "http://"))


class _Character(NamedTuple):
    """A character that is meant, and whether it is taken as it is."""

    text: str
    is_literal: bool = False
    slack_id: str = ""
    """Of the channel or person whose name begins here."""


def _characters(text: str) -> Iterator[_Character]:
    """Return the characters that are meant."""
    in_quotes = False
    for unit in _UNIT.finditer(text):
        if unit["quote"]:
            in_quotes = not in_quotes
        elif unit["escaped"]:
            yield _Character(_unescaped(unit["escaped"]), is_literal=True)
        elif unit["inner"]:
            meant = _unwrapped(unit["inner"], unit["label"])
            # A channel may be called 12, and the 12 have been the number of a run.
            is_literal = in_quotes or meant[0] != "#"
            yield _Character(meant[0], is_literal, _slack_id(unit["inner"]))
            yield from (_Character(c, is_literal=True) for c in meant[1:])
        else:
            character = _unescaped(unit[0])
            if not in_quotes:
                character = character.translate(_LOOKALIKES)
            if character:
                yield _Character(character, in_quotes or character in _TROUBLE)


def _slack_id(inner: str) -> str:
    """Return the id of the channel or person in what Slack wrapped."""
    return inner[1:] if inner[0] in "#@" else ""


def _unwrapped(inner: str, label: str | None) -> str:
    """Return what was typed where Slack wrapped it."""
    inner, label = _unescaped(inner), _unescaped(label or "")
    if inner[0] in "#@":
        return f"{inner[0]}{label or inner[1:]}"
    # Slack links what merely looks like an address: then that is what was typed.
    typed = inner.partition(":")[2].removeprefix("//")
    return label if label and label == typed else inner


def _unescaped(text: str) -> str:
    """Undo the three escapes that Slack makes, and no other; once."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)


def _token(word: list[_Character]) -> Token:
    bare = "".join(_LITERAL if c.is_literal else c.text for c in word)
    slack_id = next((c.slack_id for c in word if c.slack_id), "")
    return Token("".join(c.text for c in word), bare, slack_id)


def _needs_quotes(character: str, bare: str) -> bool:
    return bare == _LITERAL or character in _TROUBLE or character.isspace()
