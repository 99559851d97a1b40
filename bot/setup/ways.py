"""The alternatives among a kind's settings, which only its validator knows.

A kind without a row has one way: the settings that its class requires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One of the ways in which a connection of a kind can be described."""

    name: str
    """What one types to choose it."""
    label: str
    needed: tuple[str, ...]
    """What it needs besides the settings that are always required."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What is written without asking."""


HUAWEI = (
    Way(
        name="keys",
        label="the access key (AK) and secret key (SK) of an IAM user",
        needed=("access_key", "secret_key"),
    ),
    Way(
        name="login",
        label="the name and password of an IAM user",
        needed=("username", "password", "domain_name"),
    ),
)

WAYS: Mapping[str, tuple[Way, ...]] = {
    "codearts-check": HUAWEI,
    "codearts-pipeline": HUAWEI,
    "yunxiao": (
        Way(
            name="token",
            label="a personal access token, on the central site",
            needed=("organization", "token"),
        ),
        Way(
            name="region",
            label="a personal access token, on a Region edition's own domain",
            needed=("token", "base_url"),
            fixed={"edition": "region"},
        ),
        Way(
            name="accesskey",
            label="the AccessKey of a RAM user, for the older, signed API",
            needed=("organization", "access_key_id", "access_key_secret"),
            fixed={"api": "2021-06-25"},
        ),
    ),
}
"""By kind; the first is the usual one."""

ONLY = (Way(name="usual", label="", needed=()),)
