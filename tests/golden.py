"""Goldens: what the model should be, as JSON beside the payload it was read from.

`make golden` writes them anew; a reviewer reads payload and golden side by side.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from providers.errors import ProviderError
from providers.model import PipelineRef, RunRef

UPDATE = "RUNBELL_UPDATE_GOLDEN"


def plain(value: Any) -> Any:  # noqa: PLR0911 - a table of types
    """Return a model object as JSON can hold it, without what is not known."""
    match value:
        case PipelineRef() | RunRef():
            return str(value)
        case ProviderError():
            return f"{type(value).__name__}: {value}"
        case datetime():
            assert value.utcoffset() is not None, "a time without a zone"
            return value.isoformat()
        case Mapping():
            pairs = sorted((str(k), plain(v)) for k, v in value.items())
            return dict(pairs)
        case frozenset():
            return sorted(plain(v) for v in value)
        case tuple() | list():
            return [plain(v) for v in value]
        case _:
            pass
    if dataclasses.is_dataclass(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        empty: tuple[Any, ...] = (None, (), frozenset())
        return {k: plain(v) for k, v in fields.items() if v not in empty}
    return value


def check(value: Any, file: Path) -> None:
    """Compare with the golden, or write it where `make golden` asks for that."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get(UPDATE):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no golden {file.name}: run `make golden` and read it"
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(text)
