"""Kinds that others ship may have settings of any shape: all of them are explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
from pydantic import BaseModel, SecretStr

from bot.settings import CacheSettings, SettingsError, load
from providers import nsml
from providers.kind import Kind
from providers.settings import ConnectionSettings, Secret
from tests.bot.settings.reading import CANARY, ENVIRON, Reader


class Login(BaseModel):
    user: str
    password: Secret


class OtherSettings(ConnectionSettings):
    kind: Literal["nsml"] = "nsml"
    region: str
    login: Login | None = None
    tokens: dict[str, SecretStr] = {}
    ids: list[int | list[int]] = []
    either: Login | CacheSettings | None = None


KIND = Kind(
    provider=nsml.KIND.provider, settings=OtherSettings, connect=nsml.KIND.connect
)


def problems(reader: Reader, lines: str) -> list[str]:
    reader.file.write_text(f"connections:\n  o:\n    kind: nsml\n{lines}")
    with pytest.raises(SettingsError) as caught:
        load(reader.file, ENVIRON, {"nsml": KIND})
    assert CANARY not in str(caught.value)
    return [str(each).partition("connections.o.")[2] for each in caught.value.problems]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "",
            ["region: is missing; add a line `region: …`; runbell.example.yml"],
        ),
        (
            "    region: a\n    login: {user: u}",
            ["login.password: is missing; write `password: ${O_LOGIN_PASSWORD}` and"],
        ),
        (
            f"    region: a\n    login: {{user: u, password: {CANARY}}}",
            ["login.password: a secret stands here in clear text; write ${O_LOGIN"],
        ),
        (
            f"    region: a\n    tokens: {{x: {CANARY}, y: {CANARY}}}",
            ["tokens: a secret stands here in clear text; write ${O_TOKENS} and expor"],
        ),
        (
            "    region: a\n    ids: [1, x, [2]]",
            ["ids[1]: 'x' is not a whole number; write one such as 20"],
        ),
        (
            "    region: a\n    either: {user: u}",
            [
                "either.password: is missing; add a line `password: …`; runbell.exa",
                "either.user: there is no setting 'user' here; delete the line",
            ],
        ),
    ],
)
def test_settings_of_any_shape_are_explained(
    reader: Reader, lines: str, told: list[str]
) -> None:
    found = problems(reader, lines)
    for problem, beginning in zip(found, told, strict=True):
        assert problem.startswith(beginning)


def test_ages_may_be_durations_where_settings_are_made_by_hand() -> None:
    cache = CacheSettings(latest=timedelta(seconds=7))
    assert cache.latest == timedelta(seconds=7)
