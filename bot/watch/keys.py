"""Keys: seen twice, it is the same; made of no clock and of no text."""

from __future__ import annotations

import hashlib

from bot.records import Event, Lineage
from providers.refs import RunRef


def key_of(*parts: str) -> str:
    """Return the key of what these parts are about, in their order."""
    # Names from a vendor may hold half a pair, which is no UTF-8.
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def happening_key(lineage: Lineage, run: RunRef, event: Event, turn: int | str) -> str:
    """Return the key of a happening; `turn` tells those of one attempt apart."""
    ends = (str(lineage.pipeline), lineage.line, str(run), event.value, str(turn))
    return key_of(*ends)
