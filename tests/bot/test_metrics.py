"""Figures for Prometheus."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import POSSIBLY_DOUBLE, TOLD, Metrics
from bot.watch.posting import Counted


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample, by its name and labels as they are written."""
    return {
        " ".join((s.name, *(f"{k}={v}" for k, v in sorted(s.labels.items())))): s.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for s in family.samples
    }


def test_looks_and_requests_are_counted_by_connection() -> None:
    metrics = Metrics()
    metrics.looked("shop", is_blind=False)
    metrics.looked("shop", is_blind=True)
    metrics.asked("shop", is_failed=False)
    metrics.asked("flow", is_failed=True)
    found = samples(metrics)
    assert found["runbell_looks_total connection=shop"] == 2
    assert found["runbell_looks_failed_total connection=shop"] == 1
    assert found["runbell_requests_total connection=shop"] == 1
    assert found["runbell_requests_failed_total connection=flow"] == 1
    assert "runbell_requests_failed_total connection=shop" not in found


def test_lags_are_counted_in_bounds_and_none_is_negative() -> None:
    metrics = Metrics()
    metrics.observed("shop", timedelta(seconds=20))
    metrics.observed("shop", timedelta(seconds=-20))
    metrics.alerted(timedelta(seconds=0.5))
    found = samples(metrics)
    lag = "runbell_observation_lag_seconds"
    assert found[f"{lag}_bucket connection=shop le=15.0"] == 1
    assert found[f"{lag}_bucket connection=shop le=30.0"] == 2
    assert found[f"{lag}_sum connection=shop"] == 20
    assert found["runbell_alert_latency_seconds_bucket le=1.0"] == 1


@pytest.mark.parametrize("what", Counted)
def test_everything_the_courier_counts_has_a_figure_of_its_own(what: Counted) -> None:
    metrics = Metrics()
    metrics.counted(what)
    found = samples(metrics)
    assert found[f"runbell_{TOLD[what][0]}_total"] == 1
    doubles = found["runbell_watch_duplicates_possible_total"]
    assert doubles == (what in POSSIBLY_DOUBLE)


def test_nothing_is_counted_that_the_courier_does_not_know() -> None:
    assert set(TOLD) == set(Counted)
    assert set(Counted) >= POSSIBLY_DOUBLE


def test_what_waits_is_shown_as_it_is_now() -> None:
    metrics = Metrics()
    metrics.outbox(7, timedelta(minutes=2))
    metrics.parked(["C1", "C2"])
    metrics.work(timedelta(seconds=3))
    found = samples(metrics)
    assert found["runbell_outbox_messages"] == 7
    assert found["runbell_outbox_oldest_seconds"] == 120
    assert found["runbell_parked_channels"] == 2
    assert found["runbell_work_lag_seconds"] == 3
    metrics.work(None)
    lag = samples(metrics)["runbell_work_lag_seconds"]
    assert lag != lag  # noqa: PLR0124 - only NaN is unlike itself


def test_a_connection_that_is_gone_is_not_shown_as_seen() -> None:
    metrics = Metrics()
    metrics.blind({"shop": True, "flow": False})
    assert samples(metrics)["runbell_connection_blind connection=shop"] == 1
    metrics.blind({"flow": False})
    found = samples(metrics)
    assert "runbell_connection_blind connection=shop" not in found
    assert found["runbell_connection_blind connection=flow"] == 0


def test_connections_are_the_only_label_beside_the_bounds() -> None:
    metrics = Metrics()
    metrics.looked("shop", is_blind=True)
    metrics.observed("shop", timedelta())
    labels = set(re.findall(r'[{,](\w+)="', metrics.text().decode()))
    assert labels == {"connection", "le"}


def test_two_bots_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.counted("sent")
    assert samples(other)["runbell_messages_sent_total"] == 0
