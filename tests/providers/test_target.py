"""Path and query as they go on the wire."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import target

PARTS = st.text(min_size=1).filter(lambda text: text not in {".", ".."})


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("azAZ09-_.~", "azAZ09-_.~"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("*!'()", "%2A%21%27%28%29"),
        ("ü", "%C3%BC"),
        ("", ""),
    ],
)
def test_all_but_rfc_3986s_unreserved_is_escaped(text: str, escaped: str) -> None:
    assert target.escape(text) == escaped


@given(PARTS, PARTS)
def test_a_part_never_reaches_beyond_its_place(one: str, other: str) -> None:
    path = target.path("/a/{}/b/{}", one, other)

    empty, a, first, b, second = path.split("/")
    assert (empty, a, b) == ("", "a", "b")
    assert (unquote(first), unquote(second)) == (one, other)
    assert "?" not in path
    assert "#" not in path


@given(PARTS, st.text())
def test_the_http_library_leaves_it_as_it_is(part: str, value: str) -> None:
    written = f"{target.path('/p/{}', part)}?{target.query({'q': value})}"

    assert httpx.URL(f"https://h{written}").raw_path.decode() == written


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_would_change_the_path_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        target.path("/a/{}", part)


def test_a_part_may_be_a_number_or_hold_braces() -> None:
    assert target.path("/a/{}/{}", 7, "{}") == "/a/7/%7B%7D"


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({}, ""),
        ({"a": None}, ""),
        ({"a": "x y", "b": 2}, "a=x%20y&b=2"),
        ({"b": 1, "a": 2}, "b=1&a=2"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": ["x", "y/z"], "b": []}, "a=x&a=y%2Fz"),
        ({"a": ""}, "a="),
        ({"a": 0}, "a=0"),
        ({"a b[]": "&="}, "a%20b%5B%5D=%26%3D"),
    ],
)
def test_a_query_is_written_in_the_order_given(
    values: target.Query, written: str
) -> None:
    assert target.query(values) == written


@given(st.dictionaries(st.text(), st.text()))
def test_a_query_reads_back_the_same(values: dict[str, str]) -> None:
    url = urlsplit(f"/x?{target.query(values)}")

    assert parse_qsl(url.query, keep_blank_values=True) == list(values.items())
