"""A fixed token in a header: the header, the scheme, and nothing else."""

from __future__ import annotations

import httpx

from providers.auth.token import HeaderToken

TOKEN = "nf-EXAMPLE-token"


def sent(auth: HeaderToken, request: httpx.Request) -> httpx.Request:
    """Return the one request the scheme sends."""
    [found] = auth.sync_auth_flow(request)
    return found


def request(**headers: str) -> httpx.Request:
    return httpx.Request("GET", "https://api.example.com/v1/auth", headers=headers)


def test_a_bearer_token_goes_into_authorization() -> None:
    found = sent(HeaderToken.bearer(TOKEN), request())

    assert found.headers["authorization"] == f"Bearer {TOKEN}"


def test_another_header_carries_the_token_alone() -> None:
    found = sent(HeaderToken("pt-EXAMPLE", header="x-yunxiao-token"), request())

    assert found.headers["x-yunxiao-token"] == "pt-EXAMPLE"
    assert "authorization" not in found.headers


def test_a_token_of_somebody_else_does_not_survive() -> None:
    found = sent(HeaderToken.bearer(TOKEN), request(Authorization="Bearer other"))

    assert found.headers.get_list("authorization") == [f"Bearer {TOKEN}"]


def test_neither_address_nor_repr_hold_the_token() -> None:
    auth = HeaderToken.bearer(TOKEN)

    assert TOKEN not in str(sent(auth, request()).url)
    assert TOKEN not in repr(auth)


def test_the_same_scheme_signs_every_request() -> None:
    auth = HeaderToken.bearer(TOKEN)

    first, second = sent(auth, request()), sent(auth, request())

    assert first.headers["authorization"] == second.headers["authorization"]
