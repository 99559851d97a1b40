"""The table that a campaign ends with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from tests.chaos.plan import Outcome

MOST_SHOWN = 10
"""Sentences of what is wrong, for each kind."""


def table(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what came of each campaign, side by side."""
    shown = Table("", *(outcome.plan.name for outcome in outcomes), title="make chaos")
    rows = [_row(outcome) for outcome in outcomes]
    for what in rows[0]:
        shown.add_row(what, *(row[what] for row in rows))
    console.print(shown)
    for outcome in outcomes:
        for kind, sentences in outcome.found.kinds.items():
            for sentence in sentences[:MOST_SHOWN]:
                console.print(f"{outcome.plan.name}: {kind}: {sentence}", markup=False)
        if not outcome.is_right:
            console.print(f"{outcome.plan.name}: logs are in {outcome.plan.folder}")


def _row(outcome: Outcome) -> dict[str, str]:
    found = outcome.found
    points = ", ".join(f"{n} {point}" for point, n in sorted(outcome.died_at.items()))
    return {
        "seed": str(outcome.plan.seed),
        "replicas": str(outcome.plan.replicas),
        "kill -9": str(outcome.kills),
        "  where": points,
        "pauses beyond the lease": str(outcome.pauses),
        "trouble": "\n".join(f"{n} {w}" for w, n in sorted(outcome.trouble.items())),
        "failed runs retried": ", ".join(
            f"{n} {w}" for w, n in outcome.retries.items()
        ),
        "retried before seen": str(found.unseen),
        "true changes": str(found.expected),
        "told in sum alone": str(found.summed),
        **{kind: str(len(wrong)) for kind, wrong in found.kinds.items()},
        "starts in vain": str(outcome.in_vain),
        "ended by themselves": ", ".join(map(str, outcome.crashes)) or "0",
        "database whole": "yes" if outcome.is_whole else "no",
        "notices of blindness": str(outcome.notices),
        "change to Slack": spread(found.took),
        "first kill to Slack": spread(outcome.recoveries),
        "took": f"{outcome.took.total_seconds():.0f} s",
        "verdict": "kept" if outcome.is_right else "BROKEN",
    }


def spread(times: Sequence[timedelta]) -> str:
    """Return the middle, the 99th percentile and the longest of some times."""
    if not times:
        return "none"
    ordered = sorted(one.total_seconds() for one in times)
    last = len(ordered) - 1
    picked = (ordered[math.ceil(last * share)] for share in (0.5, 0.99, 1))
    p50, p99, most = (f"{seconds:.1f}" for seconds in picked)
    return f"p50 {p50} s, p99 {p99} s, max {most} s"
