"""Keeping secrets out of everything that people or logs may see."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "•••"
_ESCAPE = re.compile("%[0-9A-F]{2}")
_SHORTEST = 4
"""Shorter values are no secrets, and masking them would garble every text."""


class Secrets:
    """The secret values of one connection, and the masking of them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Mask this value, and its usual encodings, from now on.

        What is made of a value and something else (`user:password` in base64) is a
        value of its own, to be added as well.
        """
        for text in {value, value.strip()}:
            if len(text) >= _SHORTEST:
                self._forms.update(_forms(text))

    def mask(self, text: str) -> str:
        """Return the text with every secret replaced."""
        # The longest first: one secret may be a part of another.
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text

    def mask_bytes(self, content: bytes) -> bytes:
        """Return the content with every secret replaced; need not be text at all."""
        text = content.decode("utf-8", "surrogateescape")
        return self.mask(text).encode("utf-8", "surrogateescape")

    @override
    def __repr__(self) -> str:
        """Say how many, never which."""
        return f"<{len(self._forms)} masked forms>"


def _forms(value: str) -> Iterator[str]:
    """Yield the value as URLs, JSON, markup, Basic and error texts write it."""
    encoded = value.encode("utf-8", "surrogateescape")
    yield value
    for percent in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
        yield percent
        yield _ESCAPE.sub(lambda found: found[0].lower(), percent)
    yield base64.b64encode(encoded).decode()
    yield base64.b64encode(encoded).decode().rstrip("=")
    yield base64.urlsafe_b64encode(encoded).decode().rstrip("=")
    for in_json in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        yield in_json[1:-1]
        yield in_json[1:-1].replace("/", "\\/")
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield repr(value)[1:-1]
    yield repr(encoded)[2:-1]
