"""Measuring variants in turn, and saying in few numbers what came of it."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import override

Measure = Callable[[int], Awaitable[Sequence[float]]]
"""Does something so many times and returns how long each took, in seconds."""


@dataclass(frozen=True, slots=True)
class Samples:
    """How long one variant took, in seconds: rounds of single times."""

    rounds: tuple[tuple[float, ...], ...]

    @property
    def all(self) -> tuple[float, ...]:
        """Every single time."""
        return tuple(second for one in self.rounds for second in one)

    def percentile(self, percent: float) -> float:
        """Return the time that so many percent of all did not exceed."""
        return percentile(self.all, percent)

    @property
    def p50(self) -> float:
        """The middle of all times."""
        return statistics.median(self.all)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one variant takes as another."""

    median: float
    """The middle of the rounds' own ratios: neighbours' noise meets both in a round."""
    lower: float
    """A quarter of the rounds came out below this, a quarter above `upper`."""
    upper: float

    @classmethod
    def of(cls, ours: Samples, theirs: Samples) -> Ratio:
        """Return the ratio of the rounds' medians."""
        every = [
            statistics.median(a) / statistics.median(b)
            for a, b in zip(ours.rounds, theirs.rounds, strict=True)
        ]
        return cls(
            median=statistics.median(every),
            lower=percentile(every, 25),
            upper=percentile(every, 75),
        )

    @override
    def __str__(self) -> str:
        half = f"{self.lower:.2f} to {self.upper:.2f}"
        return f"{self.median:.2f} × ({half} in the middle half of the rounds)"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of all did not exceed."""
    ordered = sorted(values)
    place = math.ceil(len(ordered) * percent / 100) - 1
    return ordered[max(place, 0)]


def calls(work: Callable[[], Awaitable[object]]) -> Measure:
    """Return what measures a piece of work, call by call."""

    async def measure(times: int) -> list[float]:
        took: list[float] = []
        for _ in range(times):
            begin = time.perf_counter()
            await work()
            took.append(time.perf_counter() - begin)
        return took

    return measure


async def in_turn(
    variants: Mapping[str, Measure], *, rounds: int, times: int
) -> Mapping[str, Samples]:
    """Measure every variant so many times in every round, after one warm-up round.

    Every other round has them in the opposite order, so that none is always first.
    """
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in variants}
    for measure in variants.values():
        await measure(times)
    for number in range(rounds):
        names = list(variants)
        for name in names if number % 2 else reversed(names):
            found[name].append(tuple(await variants[name](times)))
    return {name: Samples(tuple(every)) for name, every in found.items()}


def ms(seconds: float) -> str:
    """Return a time in milliseconds."""
    return f"{seconds * 1000:.2f} ms"
