"""Answers are unpacked within the room there is."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from providers.http.unpacking import MOST_BYTES, AnswerTooLong, Unpacking

TEXT = b'{"runs": []}'


class Sends(httpx.AsyncBaseTransport):
    """Answers with these parts of a body, packed as they are."""

    def __init__(self, *parts: bytes, encoding: str | None = None) -> None:
        self.parts = parts
        self.headers = {} if encoding is None else {"content-encoding": encoding}
        self.closed = False

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=self.headers, stream=Parts(self.parts))

    @override
    async def aclose(self) -> None:
        self.closed = True


class Parts(httpx.AsyncByteStream):
    def __init__(self, parts: tuple[bytes, ...]) -> None:
        self.parts = parts

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part


async def _get(transport: httpx.AsyncBaseTransport, most: int | None = None) -> bytes:
    extensions = {} if most is None else {MOST_BYTES: most}
    async with httpx.AsyncClient(transport=Unpacking(transport)) as client:
        found = await client.get("http://vendor.test", extensions=extensions)
    return found.content


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (TEXT, None),
        (TEXT, ""),
        (TEXT, "identity"),
        (TEXT, "utf-8"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "GZip"),
        (gzip.compress(TEXT), "x-gzip"),
        (gzip.compress(TEXT), "identity, gzip"),
        (zlib.compress(TEXT), "deflate"),
        (gzip.compress(TEXT[:5]) + gzip.compress(TEXT[5:]), "gzip"),
    ],
    ids=count(),  # what is packed holds the second it was packed in
)
async def test_it_is_unpacked_as_its_header_says(
    packed: bytes, encoding: str | None
) -> None:
    assert await _get(Sends(packed, encoding=encoding)) == TEXT


async def test_an_empty_body_lacks_nothing() -> None:
    assert await _get(Sends(encoding="gzip")) == b""
    assert await _get(Sends(b"", encoding="gzip")) == b""


@settings(deadline=None)
@given(st.binary(max_size=3000), st.integers(min_value=1, max_value=500))
async def test_it_comes_in_whole_however_it_is_cut_into_parts(
    content: bytes, size: int
) -> None:
    packed = gzip.compress(content)
    parts = [packed[i : i + size] for i in range(0, len(packed), size)]

    assert await _get(Sends(*parts, encoding="gzip"), most=3000) == content


@pytest.mark.parametrize("encoding", [None, "gzip"])
@pytest.mark.parametrize("over", [0, 1])
async def test_the_limit_is_exact(encoding: str | None, over: int) -> None:
    content = b"x" * (5000 + over)
    sent = gzip.compress(content) if encoding else content

    if over:
        with pytest.raises(AnswerTooLong, match="more than 5000 bytes"):
            await _get(Sends(sent, encoding=encoding), most=5000)
    else:
        assert await _get(Sends(sent, encoding=encoding), most=5000) == content


async def test_a_bomb_never_unfolds_in_memory() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLong):
            await _get(Sends(bomb, encoding="gzip"), most=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


async def test_what_is_packed_twice_is_not_even_begun() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 1_000_000))

    with pytest.raises(httpx.DecodingError, match="more than once"):
        await _get(Sends(bomb, encoding="gzip, gzip"))


async def test_a_body_cut_in_the_middle_is_an_error() -> None:
    with pytest.raises(httpx.DecodingError, match="ends in the middle"):
        await _get(Sends(gzip.compress(TEXT)[:-9], encoding="gzip"))


async def test_a_body_that_is_not_packed_at_all_is_an_error() -> None:
    with pytest.raises(httpx.DecodingError):
        await _get(Sends(TEXT, encoding="gzip"))


async def test_a_token_is_limited_too_where_nobody_says_how() -> None:
    """An `httpx.Auth` that fetches a token does not pass through `Http`."""
    with pytest.raises(AnswerTooLong):
        await _get(Sends(gzip.compress(b"\0" * 9_000_000), encoding="gzip"))


async def test_only_asynchronous_transports_will_do() -> None:
    class Sync(httpx.AsyncBaseTransport):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=httpx.SyncByteStream())

    with pytest.raises(TypeError, match="asynchronous"):
        await _get(Sync())


async def test_closing_it_closes_what_it_wraps() -> None:
    inner = Sends()

    await Unpacking(inner).aclose()

    assert inner.closed
