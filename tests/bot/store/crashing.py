"""A process that writes to a store until it is killed.

Each transaction puts the number of its round into four tables. After each commit the
number is printed; in the round named on the command line it stops half-way, says so,
and waits for its end.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from bot.records import Lane
from bot.store import open_store
from tests.bot.store.samples import MAIN, NOON, a_delivery, a_happening
from tests.fakes.clock import FakeClock


async def main(url: str, last: int) -> None:
    async with open_store(url, clock=FakeClock()) as store:
        async with store.read() as tx:
            states = await tx.lineages.load([MAIN.pipeline])
        for number in count(int(states.get(MAIN, "0")) + 1):
            async with store.write() as tx:
                await tx.lineages.save({MAIN: str(number)}, NOON)
                await tx.happenings.add([a_happening(str(number))])
                await tx.outbox.add([a_delivery(str(number))])
                if number == last:
                    print("half-way", flush=True)  # noqa: T201 - to who will kill us
                    await asyncio.Event().wait()
                await tx.lanes.save(
                    Lane(connection="flow", due_at=NOON, failures=number)
                )
            print(number, flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
