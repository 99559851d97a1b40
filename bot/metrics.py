"""Figures for Prometheus: how the watching goes, and what was weaker than promised.

Connections are the only label: pipelines and channels come and go, and are nobody's
business who may read figures. Counters count what this process did; the gauges say
what is in the store, and so the same in every replica.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

# A second series for every counter, saying when the process began, helps nobody.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own

CONTENT_TYPE = CONTENT_TYPE_LATEST

SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 3600, 14_400)
"""The upper bounds in which lags are counted."""

TOLD: Mapping[str, tuple[str, str]] = {
    "sent": ("messages_sent", "Messages that Slack took."),
    "unknown": (
        "outcomes_unknown",
        "Messages of which nobody could say whether Slack took them.",
    ),
    "found": ("duplicates_avoided", "Of these, found in the channel by a look."),
    "resent": ("messages_resent", "Of these, sent again, as a look found nothing."),
    "resent_blind": (
        "messages_resent_blind",
        "Of these, sent again without a look, saying that they may repeat.",
    ),
    "guarded": (
        "messages_guarded",
        "Messages held back as the process had stood still for too long.",
    ),
    "overslept": (
        "messages_overslept",
        "Answers of Slack's that came after another replica may have taken over.",
    ),
    "waited": (
        "slack_waits",
        "Times that Slack asked to wait, or could not be reached.",
    ),
    "degraded": ("messages_degraded", "Messages sent with less, as Slack refused."),
    "swallowed": (
        "messages_swallowed",
        "Messages that a newer one or a storm told instead.",
    ),
    "parked": ("channels_parked", "Times that a channel could not be posted to."),
    "dead": ("messages_dead", "Messages that were given up."),
}
"""What the courier counts → the counter's name, and what it says."""

POSSIBLY_DOUBLE = frozenset({"resent", "resent_blind", "overslept"})
"""After these a channel may have got a message twice."""


class Metrics:
    """The figures of one process; all methods are cheap and never fail."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._looks = self._counter("looks", "Looks at a connection.", ["connection"])
        self._blind_looks = self._counter(
            "looks_failed", "Looks at a connection that saw nothing.", ["connection"]
        )
        self._requests = self._counter(
            "requests", "Requests to a connection's provider.", ["connection"]
        )
        self._failed_requests = self._counter(
            "requests_failed", "Of these, without a useful answer.", ["connection"]
        )
        self._observation_lag = self._histogram(
            "observation_lag_seconds",
            "From when something happened at the provider to when it was seen.",
            ["connection"],
        )
        self._alert_latency = self._histogram(
            "alert_latency_seconds",
            "From when something was seen to when Slack took it.",
        )
        self._told = {
            what: self._counter(name, about) for what, (name, about) in TOLD.items()
        }
        self._possibly_double = self._counter(
            "watch_duplicates_possible", "Messages that a channel may have got twice."
        )
        self._waiting = self._gauge("outbox_messages", "Messages that wait for Slack.")
        self._oldest = self._gauge(
            "outbox_oldest_seconds", "How long the oldest of them has waited."
        )
        self._blind = self._gauge(
            "connection_blind",
            "1 while nothing of a connection is seen.",
            ["connection"],
        )
        self._parked = self._gauge(
            "parked_channels", "Channels that cannot be posted to."
        )
        self._lag = self._gauge(
            "work_lag_seconds", "How long the job that waits longest has waited."
        )

    def looked(self, connection: str, *, is_blind: bool) -> None:
        """Count a look at a connection, and whether it saw nothing."""
        self._looks.labels(connection).inc()
        if is_blind:
            self._blind_looks.labels(connection).inc()

    def asked(self, connection: str, *, is_failed: bool) -> None:
        """Count a request to a provider, and whether it had no useful answer."""
        self._requests.labels(connection).inc()
        if is_failed:
            self._failed_requests.labels(connection).inc()

    def observed(self, connection: str, lag: timedelta) -> None:
        """Note how long after it happened something was seen."""
        self._observation_lag.labels(connection).observe(_seconds(lag))

    def alerted(self, latency: timedelta) -> None:
        """Note how long after it was seen a message about it was taken by Slack."""
        self._alert_latency.observe(_seconds(latency))

    def counted(self, what: str) -> None:
        """Count what the courier tells of: a key of `TOLD`."""
        self._told[what].inc()
        if what in POSSIBLY_DOUBLE:
            self._possibly_double.inc()

    def outbox(self, messages: int, oldest: timedelta) -> None:
        """Note how many messages wait, and for how long the oldest one has."""
        self._waiting.set(messages)
        self._oldest.set(_seconds(oldest))

    def blind(self, connections: Mapping[str, bool]) -> None:
        """Note of which connections nothing is seen; those left out are gone."""
        self._blind.clear()
        for name, is_blind in connections.items():
            self._blind.labels(name).set(is_blind)

    def parked(self, channels: Collection[str]) -> None:
        """Note which channels cannot be posted to."""
        self._parked.set(len(channels))

    def work(self, lag: timedelta | None) -> None:
        """Note how long the oldest job has waited; `NaN` where that is not known."""
        self._lag.set(float("nan") if lag is None else _seconds(lag))

    def text(self) -> bytes:
        """Return all figures as `CONTENT_TYPE` says."""
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, labels: Collection[str] = ()) -> Counter:
        return Counter(f"runbell_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, labels: Collection[str] = ()) -> Gauge:
        return Gauge(f"runbell_{name}", about, labels, registry=self._registry)

    def _histogram(
        self, name: str, about: str, labels: Collection[str] = ()
    ) -> Histogram:
        return Histogram(
            f"runbell_{name}", about, labels, registry=self._registry, buckets=SECONDS
        )


def _seconds(time: timedelta) -> float:
    """Return a length of time; clocks that differ make none that is negative."""
    return max(time.total_seconds(), 0.0)
