"""A replica that begins to work on a key and never ends; made to be killed."""

from __future__ import annotations

import asyncio
import sys

from bot.work.postgres import PostgresPlace
from tests.bot.work.driving import Worker


async def main(dsn: str) -> None:
    worker = Worker(PostgresPlace(dsn))
    worker.engine.on("poll", worker.handle, parallel=1)
    run = asyncio.create_task(worker.engine.run())
    await worker.ready()
    await worker.engine.nudge("poll", "acme")
    print(await worker.begins(), flush=True)  # noqa: T201 - the test listens
    await run


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
