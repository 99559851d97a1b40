"""The settings of a connection: what is optional, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from providers.northflank.settings import NorthflankSettings
from providers.northflank.source import SourceKind


def test_a_token_is_enough() -> None:
    settings = NorthflankSettings.model_validate({"token": "nf-EXAMPLE"})

    assert settings.requests_per_hour == 1000
    assert settings.projects == ()
    assert settings.stages == ("development", "staging", "production")
    assert settings.include == (
        SourceKind.RELEASE_FLOWS,
        SourceKind.SERVICE_BUILDS,
        SourceKind.JOB_RUNS,
    )


def test_stages_are_passed_on_as_they_are_written() -> None:
    """Pitfall 9: which letter case the server takes is not documented."""
    settings = NorthflankSettings.model_validate(
        {"token": "nf-EXAMPLE", "stages": ["Production"]}
    )

    assert settings.stages == ("Production",)


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"include": []},
        {"include": ["addons"]},
        {"stages": ["a/b"]},
        {"projects": [""]},
        {"team": "two words"},
        {"requests_per_hour": 0},
        {"base_url": "http://api.northflank.com"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NorthflankSettings.model_validate({"token": "nf-EXAMPLE", **change})
