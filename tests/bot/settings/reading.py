"""Reading a configuration that a test writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.settings import Settings, SettingsError, load
from providers.registry import kinds

CANARY = "CANARY-never-shown"

ENVIRON: Mapping[str, str] = {
    "KEY": f"{CANARY}-key",
    "EMPTY": "",
    "PORT": "8080",
    "SLACK_BOT_TOKEN": f"xoxb-{CANARY}",
    "SLACK_APP_TOKEN": f"xapp-{CANARY}",
}

SHOP = """
connections:
  shop:
    kind: nsml
    access_key: ${KEY}
    secret_key: ${KEY}
    api_key: ${KEY}
"""
"""The smallest configuration there is; ends inside of the connection."""


class Reader:
    """Writes `runbell.yml` into a folder and loads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "runbell.yml"

    def load(
        self,
        text: str | bytes,
        environ: Mapping[str, str] = ENVIRON,
        **options: Any,
    ) -> Settings:
        """Return the settings of a text."""
        raw = text if isinstance(text, bytes) else dedent(text).encode()
        self.file.write_bytes(raw)
        return load(self.file, environ, kinds(), **options)

    def problems(
        self,
        text: str | bytes,
        environ: Mapping[str, str] = ENVIRON,
        **options: Any,
    ) -> list[str]:
        """Return the problems of a text, one line each, without the folder."""
        with pytest.raises(SettingsError) as caught:
            self.load(text, environ, **options)
        told = str(caught.value)
        assert CANARY not in told + repr(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__
        return told.replace(f"{self.folder}/", "").splitlines()
