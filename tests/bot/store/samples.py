"""Records as the watch would make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.records import (
    Delivery,
    DeliveryKind,
    Event,
    Happening,
    Incident,
    Lineage,
    Mute,
    PastRun,
    Ruling,
    Verdict,
    Watch,
)
from providers.refs import PipelineRef, RunRef

NOON = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SHOP = PipelineRef("flow", "shop/release")
NIGHTLY = PipelineRef("flow", "Σ 夜间构建 #1")
MAIN = Lineage(SHOP, "branch:main")


def a_watch(ident: str = "w7k3f", **more: Any) -> Watch:
    values: dict[str, Any] = {
        "channel": "C0123",
        "target": "flow:shop/*",
        "created_at": NOON,
    }
    return Watch(id=ident, **(values | more))


def a_mute(ident: str = "m2p9q", **more: Any) -> Mute:
    values: dict[str, Any] = {"channel": "C0123", "by": "U0001", "created_at": NOON}
    return Mute(id=ident, **(values | more))


def a_happening(key: str = "broken-1", **more: Any) -> Happening:
    values: dict[str, Any] = {
        "lineage": MAIN,
        "run": RunRef(SHOP, "1"),
        "event": Event.BROKEN,
        "at": NOON,
        "seen_at": NOON,
        "reason": "it failed, and the run before it had passed",
    }
    return Happening(key=key, **(values | more))


def a_verdict(happening: str = "broken-1", **more: Any) -> Verdict:
    values: dict[str, Any] = {
        "watch": "w7k3f",
        "ruling": Ruling.RING,
        "rule": "broken",
        "reason": "it rings on broken",
        "at": NOON,
    }
    return Verdict(happening=happening, **(values | more))


def an_incident(ident: str = "i1", **more: Any) -> Incident:
    values: dict[str, Any] = {
        "channel": "C0123",
        "lineage": MAIN,
        "watch": "w7k3f",
        "opened_at": NOON,
        "first_run": RunRef(SHOP, "1"),
        "latest_run": RunRef(SHOP, "1"),
    }
    return Incident(id=ident, **(values | more))


def a_delivery(key: str = "card-1", **more: Any) -> Delivery:
    values: dict[str, Any] = {
        "channel": "C0123",
        "kind": DeliveryKind.CARD,
        "payload": 'Said {"what": "it broke"}',
        "created_at": NOON,
    }
    return Delivery(key=key, **(values | more))


def a_run(ident: str = "1", pipeline: PipelineRef = SHOP, **more: Any) -> PastRun:
    values: dict[str, Any] = {
        "ref": RunRef(pipeline, ident),
        "line": "branch:main",
        "state": "succeeded",
        "branch": "main",
        "moment": NOON,
        "started_at": NOON,
        "finished_at": NOON + timedelta(minutes=6),
        "seen_at": NOON + timedelta(minutes=7),
    }
    return PastRun(**(values | more))
