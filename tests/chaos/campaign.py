"""So many cycles of start, trouble and kill; then quiet, and the ledgers compared."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import datetime, timedelta
from random import Random

from bot.clock import SystemClock
from bot.setup.findings import WRONG
from tests.chaos.checker import Found, compare
from tests.chaos.ledger import Form, Ledgers
from tests.chaos.plan import Outcome, Plan
from tests.chaos.stage import file_of, open_stage
from tests.chaos.trouble import Trouble, locking, restarting


async def campaign(plan: Plan) -> Outcome:
    """Carry out a plan, and return what came of it."""
    clock = SystemClock()
    begun = clock.now()
    chance = Random(plan.seed)  # noqa: S311 - repeatable on purpose
    async with open_stage(plan, clock, chance) as stage:
        stage.clouds.was_told = stage.was_told
        first = await stage.nursery.start()
        await stage.until_looked_at()
        trouble = Trouble(
            clock=clock,
            chance=Random(plan.seed + 1),  # noqa: S311 - as above
            slack=stage.slack,
            clouds=tuple(stage.clouds.served.values()),
            disturb_database=(
                restarting(plan.postgres)
                if plan.postgres
                else locking(file_of(plan), clock)
            ),
        )
        around = [
            asyncio.create_task(stage.clouds.play()),
            asyncio.create_task(trouble.go_on()),
        ]
        await first.kill()
        if plan.pauses:
            await stage.stand_still()
        share = plan.cycles // plan.replicas
        await asyncio.gather(*(stage.lives(share) for _ in range(plan.replicas)))
        for task in around:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await stage.clouds.settle()
        await stage.run_to_the_end()
        ledgers = stage.ledgers()
        found = compare(ledgers)
        outcome = Outcome(
            plan=plan,
            found=found,
            kills=len(stage.kills),
            died_at=stage.died_at,
            pauses=plan.pauses,
            trouble=trouble.made,
            retries=stage.clouds.retries,
            notices=sum(one.form is Form.NOTICE for one in ledgers.said),
            in_vain=stage.crashes.count(WRONG),
            crashes=tuple(code for code in stage.crashes if code != WRONG),
            recoveries=tuple(_recoveries(found, stage.kills)),
            took=clock.now() - begun,
            is_whole=_is_whole(plan),
        )
        _write_down(plan, ledgers, found)
        return outcome


def _recoveries(found: Found, kills: list[datetime]) -> list[timedelta]:
    return [
        told_at - min(met)
        for happened_at, told_at in found.times
        if (met := [kill for kill in kills if happened_at < kill < told_at])
    ]


def _is_whole(plan: Plan) -> bool:
    if plan.postgres is not None:
        return True  # it looks through its journal by itself when it starts
    with contextlib.closing(sqlite3.connect(file_of(plan))) as file:
        [[word]] = file.execute("PRAGMA integrity_check").fetchall()
    return bool(word == "ok")


def _write_down(plan: Plan, ledgers: Ledgers, found: Found) -> None:
    """Leave both ledgers and what is wrong beside the bots' log."""
    lines = [
        *("WRONG: " + what for kind in found.kinds.values() for what in kind),
        *(f"{end.at:%H:%M:%S.%f} true: {end}" for end in ledgers.ends),
        *(f"{said.ts} said: {said}" for said in ledgers.said),
    ]
    text = "\n".join(lines) + "\n"
    (plan.folder / "ledgers.txt").write_text(text, encoding="utf-8")
