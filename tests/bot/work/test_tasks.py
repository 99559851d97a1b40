"""Ending tasks for good."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from bot.work.tasks import cancel, failure


async def _fail(word: str) -> None:
    raise ConnectionError(word)


async def test_of_several_that_failed_at_once_nothing_is_left_for_asyncio_to_log() -> (
    None
):
    logged: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, c: logged.append(c))
    tasks = [asyncio.create_task(_fail(word)) for word in ("first", "second")]
    tasks.append(asyncio.create_task(asyncio.Event().wait()))  # type: ignore[arg-type] # it never ends
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    assert str(failure(tasks)) == "first"
    await cancel(tasks)
    del tasks
    gc.collect()

    assert logged == []
