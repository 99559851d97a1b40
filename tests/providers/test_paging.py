"""Walking a vendor's pages: all of it, once, and always to an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.contract import Filter, Page
from providers.paging import (
    MOST_SHEETS,
    Fetch,
    Sheet,
    collect,
    enough_for,
    next_offset,
    next_page,
    sheets,
)

Make = Callable[["Vendor"], Fetch[int]]


@dataclass
class Vendor:
    """A server with a list, told apart by how it numbers its pages."""

    items: list[int]
    size: int = 3
    says_total: bool = True
    calls: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = list(self.items)

    @property
    def total(self) -> int | None:
        return len(self.items) if self.says_total else None

    async def by_page(self, token: str | None) -> Sheet[int]:
        self.calls.append(token)
        page = int(token or 1)
        found = self.items[(page - 1) * self.size : page * self.size]
        return Sheet(
            items=tuple(found),
            next=next_page(page, size=self.size, got=len(found), total=self.total),
            total=self.total,
        )

    async def by_offset(self, token: str | None) -> Sheet[int]:
        self.calls.append(token)
        offset = int(token or 0)
        found = self.items[offset : offset + self.size]
        return Sheet(
            items=tuple(found),
            next=next_offset(offset, size=self.size, got=len(found), total=self.total),
            total=self.total,
        )

    async def by_token(self, token: str | None) -> Sheet[int]:
        """Token paging of a server that sifts: some of its pages are empty."""
        self.calls.append(token)
        place = int((token or "t0~0")[1:].partition("~")[0])
        found = self.items[place : place + self.size]
        if place % 2:
            return Sheet(items=tuple(found), next=self._token(place + self.size))
        is_second_look = token is not None and token.endswith("~1")
        if is_second_look:
            return Sheet(items=tuple(found), next=self._token(place + self.size))
        return Sheet(items=(), next=f"t{place}~1")

    def _token(self, place: int) -> str | None:
        return f"t{place}~0" if place < len(self.items) else None


STYLES = ["by_page", "by_offset", "by_token"]


async def read_all(
    fetch: Fetch[int],
    *,
    limit: int,
    keep: Callable[[int], bool] = lambda _: True,
    most: int = MOST_SHEETS,
) -> list[int]:
    """Follow `Page.next` to the end, as people do who press *More*."""
    found: list[int] = []
    cursor: str | None = None
    for _ in range(2000):
        page = await collect(
            fetch, key=lambda n: n, limit=limit, keep=keep, cursor=cursor, most=most
        )
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next
        if cursor is None:
            return found
    raise AssertionError("no end")


# --- well-behaved vendors ---------------------------------------------------------


@settings(deadline=None)
@given(
    style=st.sampled_from(STYLES),
    count=st.integers(min_value=0, max_value=40),
    size=st.integers(min_value=1, max_value=7),
    says_total=st.booleans(),
    limit=st.integers(min_value=1, max_value=45),
    step=st.integers(min_value=1, max_value=5),
    most=st.integers(min_value=2, max_value=10),
)
@example(style="by_page", count=12, size=3, says_total=True, limit=4, step=1, most=10)
@example(style="by_offset", count=12, size=3, says_total=False, limit=3, step=2, most=2)
async def test_every_item_comes_once_for_any_limit_and_any_sifting(
    style: str,
    count: int,
    size: int,
    says_total: bool,  # noqa: FBT001
    limit: int,
    step: int,
    most: int,
) -> None:
    vendor = Vendor(list(range(count)), size=size, says_total=says_total)

    found = await read_all(
        getattr(vendor, style), limit=limit, keep=lambda n: n % step == 0, most=most
    )

    assert found == [n for n in range(count) if n % step == 0]


@settings(deadline=None)
@given(
    st.lists(st.integers(min_value=0, max_value=9), max_size=30),
    st.integers(min_value=1, max_value=5),
)
async def test_what_a_vendor_lists_twice_comes_once(
    items: list[int], size: int
) -> None:
    vendor = Vendor(items, size=size)

    page = await collect(vendor.by_offset, key=lambda n: n, limit=100, most=100)

    assert len(page.items) == len(set(page.items))
    if page.next is None and size > len(items):
        assert set(page.items) == set(items)


async def test_a_page_is_asked_for_only_when_it_is_needed() -> None:
    vendor = Vendor(list(range(30)))

    page = await collect(vendor.by_page, key=lambda n: n, limit=6)

    assert page.items == (0, 1, 2, 3, 4, 5)
    assert vendor.calls == [None, "2"]
    assert page.total == 30


async def test_a_list_that_ends_with_the_page_has_no_next() -> None:
    vendor = Vendor(list(range(6)))

    page = await collect(vendor.by_page, key=lambda n: n, limit=6)

    assert page.next is None


async def test_a_limit_of_nothing_asks_for_no_more_than_it_must() -> None:
    for limit in (0, -1):
        vendor = Vendor(list(range(30)))
        page = await collect(vendor.by_page, key=lambda n: n, limit=limit)
        assert page.items == ()
        assert len(vendor.calls) == 1


async def test_a_page_cut_short_by_the_guard_says_that_there_is_more() -> None:
    vendor = Vendor(list(range(100)))

    page = await collect(
        vendor.by_page, key=lambda n: n, limit=5, keep=lambda n: n == 99, most=4
    )

    assert page.items == ()
    assert len(vendor.calls) == 4
    assert page.next is not None
    more = await collect(
        vendor.by_page,
        key=lambda n: n,
        limit=5,
        keep=lambda n: n == 99,
        cursor=page.next,
        most=40,
    )
    assert more == Page(items=(99,), total=100)


async def test_what_was_sifted_and_left_out_is_told() -> None:
    async def fetch(token: str | None) -> Sheet[int]:
        following = None if token else "2"
        return Sheet(items=(1, 2) if token else (3,), next=following, left_out=2)

    page = await collect(
        fetch,
        key=lambda n: n,
        limit=9,
        filtered_here=frozenset({Filter.ACTOR}),
    )

    assert page.left_out == 4
    assert page.filtered_here == {Filter.ACTOR}
    assert page.total is None


# --- lists that move while they are read ------------------------------------------


@settings(deadline=None)
@given(
    size=st.integers(min_value=2, max_value=5),
    limit=st.integers(min_value=1, max_value=12),
    new=st.integers(min_value=0, max_value=4),
)
@example(size=3, limit=4, new=1)
async def test_new_items_at_the_head_lose_none_of_the_old(
    size: int, limit: int, new: int
) -> None:
    """Between two pages of the vendor's, and between two of ours."""
    vendor = Vendor(list(range(100, 130)), size=size)
    coming = iter(range(99, 99 - new, -1))

    async def moving(token: str | None) -> Sheet[int]:
        sheet = await vendor.by_offset(token)
        if (item := next(coming, None)) is not None:
            vendor.items.insert(0, item)
        return sheet

    found = await read_all(moving, limit=limit)

    assert set(range(100, 130)) <= set(found)


async def test_a_shifted_page_is_counted_as_the_vendor_sent_it() -> None:
    """A cursor counts places on the vendor's page, not among what was new there."""
    pages = {None: ((1, 2, 3), "2"), "2": ((3, 4, 5), None)}

    async def fetch(token: str | None) -> Sheet[int]:
        items, following = pages[token]
        return Sheet(items=items, next=following)

    first = await collect(fetch, key=lambda n: n, limit=4)
    second = await collect(fetch, key=lambda n: n, limit=4, cursor=first.next)

    assert first.items == (1, 2, 3, 4)
    assert second.items == (5,)


async def test_a_list_that_became_shorter_just_ends() -> None:
    vendor = Vendor(list(range(10)), size=5)
    first = await collect(vendor.by_page, key=lambda n: n, limit=8)
    del vendor.items[6:]

    second = await collect(vendor.by_page, key=lambda n: n, limit=8, cursor=first.next)

    assert second.items == ()
    assert second.next is None


# --- vendors that do not behave ---------------------------------------------------

SHEETS = st.builds(
    lambda items, following, total: Sheet(
        items=tuple(items), next=following, total=total
    ),
    st.lists(st.integers(min_value=0, max_value=5), max_size=4),
    st.none() | st.sampled_from(["", "a", "b", "c", "d"]),
    st.none() | st.integers(min_value=-5, max_value=10**9),
)


@settings(deadline=None)
@given(
    script=st.lists(SHEETS, min_size=1, max_size=30),
    limit=st.integers(min_value=1, max_value=10),
    most=st.integers(min_value=1, max_value=10),
    cursor=st.none() | st.sampled_from(["0~", "3~a", "99~zz"]),
)
async def test_whatever_a_vendor_says_it_ends(
    script: list[Sheet[int]], limit: int, most: int, cursor: str | None
) -> None:
    calls = 0

    async def fetch(_: str | None) -> Sheet[int]:
        nonlocal calls
        calls += 1
        return script[(calls - 1) % len(script)]

    page = await collect(fetch, key=lambda n: n, limit=limit, most=most, cursor=cursor)

    assert calls <= most
    assert len(page.items) == len(set(page.items)) <= limit


async def test_a_token_that_comes_back_is_the_end() -> None:
    follow = {None: "a", "a": "b", "b": "a"}
    calls: list[str | None] = []

    async def fetch(token: str | None) -> Sheet[int]:
        calls.append(token)
        return Sheet(items=(len(calls),), next=follow[token])

    page = await collect(fetch, key=lambda n: n, limit=99)

    assert calls == [None, "a", "b"]
    assert page == Page(items=(1, 2, 3))


async def test_a_vendor_that_ignores_page_numbers_is_noticed() -> None:
    calls: list[str | None] = []

    async def fetch(token: str | None) -> Sheet[int]:
        calls.append(token)
        return Sheet(items=(1, 2), next=str(len(calls) + 1), total=10**9)

    page = await collect(fetch, key=lambda n: n, limit=99)

    assert calls == [None, "2"]
    assert page.items == (1, 2)
    assert page.next is None


async def test_an_empty_page_that_names_a_next_one_is_not_the_end() -> None:
    pages = {None: ((), "2", 0), "2": ((), "3", 5), "3": ((7,), "", 0)}

    async def fetch(token: str | None) -> Sheet[int]:
        items, following, left_out = pages[token]
        return Sheet(items=items, next=following, left_out=left_out)

    page = await collect(fetch, key=lambda n: n, limit=99)

    assert page == Page(items=(7,), left_out=5)


async def test_sheets_tell_what_is_new_and_whether_there_is_more() -> None:
    pages = {
        None: Sheet(items=(1, 1, 2), next="2", total=9, left_out=1),
        "2": Sheet(items=(2, 3), next="2"),
    }

    async def fetch(token: str | None) -> Sheet[int]:
        return pages[token]

    found = [sheet async for sheet in sheets(fetch, key=lambda n: n)]

    assert found == [
        Sheet(items=(1, 2), next="2", total=9, left_out=1),
        Sheet(items=(3,)),
    ]


async def test_sheets_stop_at_the_most_and_say_that_there_is_more() -> None:
    vendor = Vendor(list(range(100)))

    found = [s async for s in sheets(vendor.by_page, key=lambda n: n, most=2)]

    assert [s.next for s in found] == ["2", "3"]


async def test_sheets_may_start_anywhere() -> None:
    vendor = Vendor(list(range(9)))

    found = [s async for s in sheets(vendor.by_page, key=lambda n: n, start="3")]

    assert [s.items for s in found] == [(6, 7, 8)]


# --- numbers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "got", "total", "following"),
    [
        (1, 10, None, "2"),
        (1, 9, None, None),
        (1, 0, None, None),
        (1, 10, 20, "2"),
        (2, 10, 20, None),
        (2, 10, 21, "3"),
        (1, 10, 10, None),
        # Unreadable entries, or a vendor that sifts after paging: the total decides.
        (1, 7, 20, "2"),
        (3, 0, 10**9, None),
        # 0 and less is "not counted" where there are entries all the same.
        (1, 10, 0, "2"),
        (1, 9, 0, None),
        (1, 10, -1, "2"),
    ],
)
def test_the_next_page_number_or_the_end(
    page: int, got: int, total: int | None, following: str | None
) -> None:
    assert next_page(page, size=10, got=got, total=total) == following


@pytest.mark.parametrize(
    ("limit", "size", "most"),
    [(500, 100, 10), (1000, 100, 10), (1001, 100, 11), (20_000, 50, 400)],
)
def test_as_many_sheets_are_read_as_are_filled_and_never_few(
    limit: int, size: int, most: int
) -> None:
    assert enough_for(limit, size, least=10) == most


@pytest.mark.parametrize(
    ("offset", "got", "total", "following"),
    [
        (0, 10, None, "10"),
        (0, 9, None, None),
        (0, 0, 50, None),
        (0, 10, 20, "10"),
        (10, 10, 20, None),
        # A vendor that gives fewer than were asked for is followed by what it gave.
        (0, 5, 20, "5"),
        (15, 5, 20, None),
        (0, 10, 0, "10"),
    ],
)
def test_the_next_offset_or_the_end(
    offset: int, got: int, total: int | None, following: str | None
) -> None:
    assert next_offset(offset, size=10, got=got, total=total) == following


@pytest.mark.parametrize("cursor", ["", "x", "1", "~", "-1~", "x~2", f"{'9' * 5000}~"])
async def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match=r"not a cursor|digits"):
        await collect(Vendor([]).by_page, key=lambda n: n, limit=1, cursor=cursor)


@settings(deadline=None)
@given(st.text())
async def test_any_token_of_a_vendor_comes_back_in_the_cursor(token: str) -> None:
    asked: list[str | None] = []

    async def fetch(given: str | None) -> Sheet[int]:
        asked.append(given)
        return Sheet(items=(len(asked),), next=token)

    first = await collect(fetch, key=lambda n: n, limit=1)
    if first.next is not None:
        await collect(fetch, key=lambda n: n, limit=1, cursor=first.next)

    assert asked[1:] == ([token] if token else [])
