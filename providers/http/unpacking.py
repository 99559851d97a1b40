"""Answers come in unpacked, and never larger than allowed.

httpx unpacks whatever it is sent, piece by piece: 64 KiB of a gzip bomb become 64 MiB,
packed twice 64 GiB, before anybody can count them. So unpacking is done here, with
the room that is left as its limit, for every request of the process, those in which an
`httpx.Auth` fetches a token included.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import httpx
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCEPT_ENCODING = "gzip"
"""What we ask for; `deflate` is understood as well, since some servers insist."""

MOST_BYTES = "runbell_most_bytes"
"""The request extension with the size an answer may have."""

DEFAULT_MOST_BYTES = 8 * 1024 * 1024
"""The size where a request does not say: that of a token, with much to spare."""

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32
"""Lets zlib look at the header to tell the two apart."""


class AnswerTooLong(httpx.TransportError):
    """There is more of the answer than is read."""


class Unpacking(httpx.AsyncBaseTransport):
    """Another transport, whose answers arrive unpacked and limited in size.

    Raises:
        AnswerTooLong: while the body is read.
        httpx.DecodingError: the body is not packed as its headers say.

    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        encodings = response.headers.get("content-encoding", "").lower().split(",")
        packed = [e.strip() for e in encodings if e.strip() in _PACKED]
        # Unknown words (`utf-8` is a common mistake) mean that nothing was packed.
        headers = [
            (name, value)
            for name, value in response.headers.raw
            if name.lower() != b"content-encoding"
        ]
        most = request.extensions.get(MOST_BYTES, DEFAULT_MOST_BYTES)
        stream = _Limited(response.stream, times_packed=len(packed), most=most)
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=stream,
            extensions=response.extensions,
        )

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class _Limited(httpx.AsyncByteStream):
    """A body, unpacked, that stops where it becomes too long."""

    def __init__(
        self,
        raw: httpx.AsyncByteStream | httpx.SyncByteStream,
        *,
        times_packed: int,
        most: int,
    ) -> None:
        if not isinstance(raw, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport gives asynchronous bodies")
        self._raw = raw
        self._times_packed = times_packed
        self._most = most

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._times_packed > 1:
            raise httpx.DecodingError("packed more than once, which was not asked for")
        unpack = _Unpacker() if self._times_packed else None
        room = self._most
        async for part in self._raw:
            # One byte more than there is room for is enough to know.
            piece = unpack.unpack(part, room + 1) if unpack else part
            room -= len(piece)
            if room < 0:
                msg = f"an answer of more than {self._most} bytes"
                raise AnswerTooLong(msg)
            yield piece
        if unpack and unpack.is_cut:
            raise httpx.DecodingError("the packed body ends in the middle")

    @override
    async def aclose(self) -> None:
        await self._raw.aclose()


class _Unpacker:
    """Unpacks gzip and zlib, a limited number of bytes at a time."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_ZLIB_OR_GZIP)
        self._has_begun = False

    @property
    def is_cut(self) -> bool:
        """Whether more must follow; an empty body (of a 204, say) lacks nothing."""
        return self._has_begun and not self._zlib.eof

    def unpack(self, data: bytes, room: int) -> bytes:
        """Return up to `room` bytes of what the data holds; the rest may be lost."""
        found = bytearray()
        while data and len(found) < room:
            if self._zlib.eof:  # a gzip file may have several members
                self._zlib = zlib.decompressobj(_ZLIB_OR_GZIP)
            self._has_begun = True
            try:
                found += self._zlib.decompress(data, room - len(found))
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
            data = self._zlib.unconsumed_tail or self._zlib.unused_data
        return bytes(found)
