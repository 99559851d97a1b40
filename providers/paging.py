"""Walking a vendor's pages, whatever they are numbered by, and always coming to an end.

A provider says how one of the vendor's pages is fetched (`Fetch`); `sheets` walks them
with guards against servers that repeat themselves, and `collect` makes of them one page
of our own, sifting what the vendor could not (`page_of_runs`, for a query). The word
for a vendor's page is *sheet* here, so that *page* is always ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from providers.contract import Page
from providers.errors import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from providers.contract import Filter, RunQuery
    from providers.model import Run

T = TypeVar("T")

MOST_SHEETS = 10
"""How many vendor pages one question reads at the most; the rest is behind `next`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[T]):
    """One page of the vendor's."""

    items: tuple[T, ...]
    next: str | None = None
    """What the vendor wants to be asked for next; `None` or empty: nothing more."""
    total: int | None = None
    left_out: int = 0


def enough_for(limit: int, size: int, *, least: int = MOST_SHEETS) -> int:
    """Return how many sheets may be read for `limit` items, `size` on each.

    Never fewer than `least`: where names are sifted, few of a sheet may be left.
    """
    return max(least, -(-limit // size))


Fetch = Callable[[str | None], Awaitable[Sheet[T]]]
"""Fetches the vendor's page of a token; `None` is the first."""


def next_page(page: int, *, size: int, got: int, total: int | None) -> str | None:
    """Return the number of the page after `page`, counted from 1, or `None` at the end.

    The end is an empty or short page, or one that reaches `total` where that is known.
    `size` must be what the vendor really gives: where it quietly gives fewer than were
    asked for, a page number cannot tell how far we are. `got` counts all entries, those
    that could not be read included.
    """
    return None if _is_last(page * size, size, got, total) else str(page + 1)


def next_offset(offset: int, *, size: int, got: int, total: int | None) -> str | None:
    """Return the offset after the `got` records at `offset`, or `None` at the end."""
    return None if _is_last(offset + got, size, got, total) else str(offset + got)


def _is_last(reached: int, size: int, got: int, total: int | None) -> bool:
    if got == 0:
        return True
    if total is not None and total > 0:
        return reached >= total
    return got < size


async def sheets(
    fetch: Fetch[T],
    *,
    key: Callable[[T], Hashable],
    start: str | None = None,
    most: int = MOST_SHEETS,
) -> AsyncIterator[Sheet[T]]:
    """Yield the vendor's pages, each item once, until a guard says that it is the end.

    The end is: no next token; a token seen before; a page on which all has been seen
    (the server ignores the page number); or `most` pages. An empty page that names a
    next one is not the end: servers that sift give such pages.
    """
    async for walked in _walk(fetch, key=key, start=start, most=most):
        fresh = tuple(item for _, item in walked.fresh)
        sheet = walked.sheet
        yield Sheet(
            items=fresh, next=sheet.next, total=sheet.total, left_out=sheet.left_out
        )


@dataclass(frozen=True, slots=True)
class _Walked(Generic[T]):
    """A sheet as it came, less a `next` that leads nowhere; and what is new on it."""

    token: str | None
    sheet: Sheet[T]
    fresh: tuple[tuple[int, T], ...]
    """Each new item with its place on the sheet."""


async def _walk(
    fetch: Fetch[T], *, key: Callable[[T], Hashable], start: str | None, most: int
) -> AsyncIterator[_Walked[T]]:
    tokens: set[str | None] = {start}
    seen: set[Hashable] = set()
    token = start
    for _ in range(most):
        sheet = await fetch(token)
        fresh: dict[Hashable, tuple[int, T]] = {}
        for place, item in enumerate(sheet.items):
            if key(item) not in seen:
                fresh.setdefault(key(item), (place, item))
        seen.update(fresh)
        following = sheet.next or None
        if following in tokens or (sheet.items and not fresh):
            following = None
        yield _Walked(token, replace(sheet, next=following), tuple(fresh.values()))
        if following is None:
            return
        tokens.add(following)
        token = following


async def collect(
    fetch: Fetch[T],
    *,
    key: Callable[[T], Hashable],
    limit: int,
    keep: Callable[[T], bool] = lambda _: True,
    cursor: str | None = None,
    filtered_here: frozenset[Filter] = frozenset(),
    most: int = MOST_SHEETS,
) -> Page[T]:
    """Return one page of up to `limit` items that `keep` lets through.

    Reads on while too few were let through, `most` vendor pages at the most; what is
    left is behind `Page.next`, even where this page came out short.

    Raises:
        ValueError: the cursor is not one of ours.

    """
    start, skip = _read_cursor(cursor)
    found: list[T] = []
    total: int | None = None
    left_out = 0
    following: str | None = None
    async for walked in _walk(fetch, key=key, start=start, most=most):
        sheet = walked.sheet
        total = sheet.total if sheet.total is not None else total
        left_out += sheet.left_out
        kept = [(p, item) for p, item in walked.fresh if p >= skip and keep(item)]
        skip = 0
        room = max(limit - len(found), 0)
        found += [item for _, item in kept[:room]]
        if len(kept) > room:
            following = _write_cursor(walked.token, kept[room][0])
            break
        following = _write_cursor(sheet.next, 0) if sheet.next else None
        if len(found) >= limit:
            break
    return Page(
        items=tuple(found),
        next=following,
        total=total,
        filtered_here=filtered_here,
        left_out=left_out,
    )


async def page_of_runs(
    fetch: Fetch[Run],
    query: RunQuery,
    *,
    ours: frozenset[Filter],
    most: int = MOST_SHEETS,
) -> Page[Run]:
    """Return the page of runs that a query asks for.

    Args:
        fetch: fetches a sheet of the pipeline's runs, as far narrowed as can be.
        query: what is asked; every filter is applied here too.
        ours: the filters that the vendor did not apply at all.
        most: how many sheets are read at the most.

    Raises:
        Refused: the cursor is not one of ours.

    """
    try:
        return await collect(
            fetch,
            key=lambda run: run.ref,
            limit=query.limit,
            keep=query.matches,
            cursor=query.cursor,
            filtered_here=ours,
            most=most,
        )
    except ValueError:
        if query.cursor is None:
            raise
        raise Refused(
            "this is not where a page of ours ended",
            connection=query.pipeline.connection,
            operation="list_runs",
            advice="Ask again from the beginning.",
        ) from None


def _write_cursor(token: str | None, place: int) -> str:
    """Return the address of a place on a sheet, counted as the vendor sent it."""
    return f"{place}~{token or ''}"


def _read_cursor(cursor: str | None) -> tuple[str | None, int]:
    if cursor is None:
        return None, 0
    place, mark, token = cursor.partition("~")
    if not mark or not place.isdecimal():
        msg = f"not a cursor: {cursor!r}"
        raise ValueError(msg)
    return token or None, int(place)
