"""Every error says what, where and what to do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from providers import errors
from providers.errors import ProviderError, RateLimited, Unavailable

KINDS = ProviderError.__subclasses__()


def make(kind: type[ProviderError], **more: object) -> ProviderError:
    return kind("no", connection="main", operation="list_runs", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_it_says_what_where_and_what_to_do(kind: type[ProviderError]) -> None:
    error = make(kind)

    assert str(error) == "main: list_runs: no"
    assert error.what != ProviderError.what
    assert error.advice == kind.default_advice != ProviderError.default_advice
    assert error.advice.endswith(".")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"[├└]─ (\w+)", errors.__doc__ or "")

    assert drawn == [kind.__name__ for kind in KINDS]


def test_only_what_may_pass_by_itself_is_transient() -> None:
    assert {k for k in KINDS if k.transient} == {RateLimited, Unavailable}


def test_the_vendors_code_is_shown_and_its_advice_wins() -> None:
    error = make(
        RateLimited,
        code="APIGW.0308",
        request_id="r-1",
        retry_after=timedelta(seconds=7),
        advice="Wait.",
    )

    assert str(error) == "main: list_runs: no [APIGW.0308]"
    assert error.advice == "Wait."
    assert (error.request_id, error.retry_after) == ("r-1", timedelta(seconds=7))
    assert not error.fresh_signature_may_help
