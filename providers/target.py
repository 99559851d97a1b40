"""Writing the path and the query of a request, byte for byte as they go on the wire.

Signatures are made over these bytes, so they are written here, by RFC 3986 alone
(a space is `%20`, never `+`), and nothing rewrites them afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

Value = str | int | bool | None
Query = Mapping[str, Value | Sequence[str]]
"""Names and values; `None` leaves a parameter out, a list repeats it."""


def escape(text: str) -> str:
    """Percent-encode all but letters, digits and `-_.~`."""
    return quote(text, safe="-_.~")


def path(template: str, *parts: str | int) -> str:
    """Return the template with each `{}` filled by a part, escaped.

    Raises:
        ValueError: a part is empty or one of `.` and `..`, which would change the path.

    """
    for part in parts:
        if str(part) in {"", ".", ".."}:
            msg = f"not an id: {part!r}"
            raise ValueError(msg)
    return template.format(*(escape(str(part)) for part in parts))


def query(values: Query) -> str:
    """Return the query, in the order given, without the `?`; empty where none is."""
    pairs = [(name, text) for name, value in values.items() for text in _texts(value)]
    return "&".join(f"{escape(name)}={escape(text)}" for name, text in pairs)


def _texts(value: Value | Sequence[str]) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str | int):
        return [str(value)]
    return list(value)
