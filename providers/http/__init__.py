"""The one door to the network.

`door` is what providers talk to. Behind it, `gate` says whether a request may go (a
place, a pause, a `budget`, a credential in doubt), `line` carries it over the process's
`network`, `patience` says whether to try again, and `unpacking` keeps answers small.
"""

from __future__ import annotations

from providers.http.door import Http
from providers.http.line import Request

__all__ = ["Http", "Request"]
