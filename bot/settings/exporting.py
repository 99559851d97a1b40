"""Watches → the part of `runbell.yml` that says the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import yaml

from bot.records import Event, Watch
from bot.settings.watches import FiledWatch

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))

DEFAULTS = {name: field.default for name, field in FiledWatch.model_fields.items()}


def written(watches: Iterable[Watch]) -> str:
    """Return the `watches:` section that `load` reads as these watches.

    What has its default is left out. Their ids, and who made them where that is nobody
    to be told of trouble, do not stand in it.
    """
    entries = [_entry(watch) for watch in watches]
    text: str = yaml.safe_dump(
        {"watches": entries}, sort_keys=False, allow_unicode=True, width=88
    )
    return text


def _entry(watch: Watch) -> dict[str, Any]:
    said = {
        "target": _literal(watch.target),
        "in": watch.channel,
        "filters": _literal(watch.filters),
        "default_branch_only": watch.default_branch_only,
        "on": [event.value for event in Event if event in watch.on],
        "after": watch.after,
        "queued": _length(watch.queued),
        "longer": _length(watch.longer),
        "mention": watch.mention,
        "style": watch.style.value,
        "owner": watch.owner or None,
    }
    usual = DEFAULTS | {
        "on": [event.value for event in Event if event in DEFAULTS["on"]],
        "style": DEFAULTS["style"].value,
    }
    return {
        name: value
        for name, value in said.items()
        if name == "in" or value != usual[name]
    }


def _literal(text: str) -> str:
    """Return a text that is read as it is, and not as a reference."""
    return text.replace("${", "$${")


def _length(time: timedelta | None) -> str | None:
    """Return a length of time as it is typed, in the largest unit that fits."""
    if time is None:
        return None
    seconds = int(time.total_seconds())
    unit, size = next((u, s) for u, s in _UNITS if seconds % s == 0)
    return f"{seconds // size}{unit}"
