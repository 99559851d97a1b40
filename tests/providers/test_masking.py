"""No secret survives masking, however it is written."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.masking import MASK, Secrets

SECRET = 'S/e+c r%t="é\\<&>\n1'
WRITINGS = {
    "as it is": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in a path": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "in a URL in small letters": re.sub(
        r"%..", lambda m: m[0].lower(), quote(SECRET, safe="")
    ),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "in JSON": json.dumps(SECRET),
    "in JSON as UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "in JSON of PHP": json.dumps(SECRET).replace("/", "\\/"),
    "in a page": html.escape(SECRET),
    "in markup": html.escape(SECRET, quote=False),
    "in an exception": repr(SECRET),
    "in an exception on bytes": repr(SECRET.encode()),
}


@pytest.mark.parametrize("written", WRITINGS.values(), ids=WRITINGS)
def test_a_secret_is_masked_in_every_usual_writing(written: str) -> None:
    secrets = Secrets([SECRET])
    masked = secrets.mask(f"before {written} after")

    assert MASK in masked
    assert written.strip("'\"") not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@given(st.text(min_size=4), st.text(), st.text())
def test_a_secret_is_nowhere_in_what_was_masked(
    secret: str, before: str, after: str
) -> None:
    secrets = Secrets([secret])
    text = before + secret + after

    if secret not in MASK + before and secret not in after:
        assert secret not in secrets.mask(text).replace(MASK, "")
    assert MASK in secrets.mask(text)


def test_the_longer_of_two_secrets_is_masked_as_a_whole() -> None:
    assert Secrets(["abcd", "abcdefgh"]).mask("abcdefgh abcd") == f"{MASK} {MASK}"


def test_what_is_too_short_to_be_a_secret_garbles_no_text() -> None:
    assert Secrets(["", "a", "abc"]).mask("abc a ") == "abc a "


def test_a_secret_with_a_line_end_is_masked_without_it_too() -> None:
    assert Secrets(["CANARY-1\n"]).mask("token CANARY-1.") == f"token {MASK}."


def test_a_token_that_comes_later_is_masked_from_then_on() -> None:
    secrets = Secrets()
    assert secrets.mask("CANARY") == "CANARY"

    secrets.add("CANARY")

    assert secrets.mask("CANARY") == MASK


def test_bytes_that_are_no_text_are_masked_and_else_left_alone() -> None:
    masked = Secrets(["CANARY"]).mask_bytes(b"\xff\x00 CANARY \xfe")

    assert masked == b"\xff\x00 " + MASK.encode() + b" \xfe"


def test_a_repr_says_how_many_never_which() -> None:
    assert "CANARY" not in repr(Secrets(["CANARY-1"]))
    assert "masked forms" in repr(Secrets(["CANARY-1"]))
