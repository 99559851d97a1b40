"""`make bench` still measures: every figure once, with as little as it can do."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from rich.console import Console

from tests.bench import machine, report
from tests.bench.acknowledging import acknowledging
from tests.bench.answering import answering
from tests.bench.decoding import decoding
from tests.bench.figure import Figure
from tests.bench.process import process
from tests.bench.sampling import Ratio, Samples


def assert_says_what_was_measured(figure: Figure, unit: str) -> None:
    assert unit in figure.measured
    assert figure.goal
    assert figure.how
    assert figure.verdict in {"met", "missed"}


async def test_acknowledging_is_measured_beside_bare_bolt() -> None:
    figure = await acknowledging(rounds=1, times=3)

    assert_says_what_was_measured(figure, "×")
    assert [name for name, _ in figure.details] == ["runbell", "bolt"]


async def test_a_cached_status_asks_no_provider_while_it_is_measured() -> None:
    figure = await answering(pipelines=16, rounds=1, times=2)

    assert_says_what_was_measured(figure, "ms")
    details = dict(figure.details)
    assert details["calls to providers while measuring"] == "0"
    assert 0 < int(details["pipelines with a run in the answer"]) <= 16


async def test_every_list_is_decoded_in_full_by_both() -> None:
    figures = await decoding(entries=31, stages=2, rounds=1, times=1)

    assert len(figures) == 3
    for figure in figures:
        assert_says_what_was_measured(figure, "×")


async def test_the_served_process_is_started_asked_and_stopped() -> None:
    memory, start = await process(rounds=1, idle_for=timedelta())

    assert "with 5 connections" in memory.title
    assert_says_what_was_measured(start, "s")
    assert_says_what_was_measured(
        memory, "MB" if machine.resident_bytes(1) else "unknown"
    )


def test_the_page_and_the_table_show_every_figure_with_its_verdict() -> None:
    figures = [
        Figure(
            title=title, goal="1 s", measured="2 s", is_met=is_met, how="With a watch."
        )
        for title, is_met in (("Rising", True), ("Falling", False), ("Flat", None))
    ]
    noise = machine.Noise(least=0.001, median=0.002, most=0.003, load=(1, 0.5, 0.25))
    shown = io.StringIO()

    report.table(figures, Console(file=shown, width=100))
    page = report.page(figures, noise, noise, date(2024, 5, 1))

    assert "| Rising | 1 s | 2 s | **met** |" in page
    assert "| Falling | 1 s | 2 s | **missed** |" in page
    assert "| Flat | 1 s | 2 s | **reported** |" in page
    assert "1.0, 2.0, 3.0 ms (least, median, most); load average 1.00" in page
    assert "2024-05-01" in page
    assert "With a watch." in page
    assert "missed" in shown.getvalue()


def test_a_ratio_is_the_middle_of_the_rounds_own_ratios() -> None:
    ours = Samples(((2.0,), (40.0,), (9.0,)))
    theirs = Samples(((1.0,), (10.0,), (3.0,)))

    ratio = Ratio.of(ours, theirs)

    assert (ratio.lower, ratio.median, ratio.upper) == (2.0, 3.0, 4.0)


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (99, 4.0), (0, 1.0)])
def test_percentiles_are_taken_over_all_rounds(percent: int, expected: float) -> None:
    samples = Samples(((4.0, 2.0), (1.0, 3.0)))

    assert samples.percentile(percent) == expected
    assert samples.p50 == 2.5


def test_the_machine_says_how_much_it_wavers_by_itself() -> None:
    noise = machine.noise()

    assert 0 < noise.least <= noise.median <= noise.most
    assert "cores" in machine.described()


def test_of_a_process_that_is_gone_nothing_is_told() -> None:
    assert machine.cpu_seconds(0) is None
    assert machine.resident_bytes(0) is None
