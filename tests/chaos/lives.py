"""What runs in the bots' processes: `runbell serve`, forked where it is imported.

`python -m tests.chaos.lives` imports the bot once and then waits for orders, one JSON
object a line; each start is a fork, which is as good as a new process and takes none of
the second that the imports take. A life may be told to die at a named point.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import alembic.command
import asyncpg  # type: ignore[import-untyped] # it has no types

from bot import cli
from bot.slack.poster import SlackPoster
from bot.store import Store, Tx

UNEXPECTED = 70
"""EX_SOFTWARE, see sysexits(3)."""

PRELOADED = (alembic.command, asyncpg)
"""Imported here so that no life has to."""


def die_at(point: str, times: int) -> None:
    """Kill this process when it comes to a named point for the n-th time."""
    left = times

    def come(name: str) -> None:
        nonlocal left
        left -= name == point
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    post, write = SlackPoster.post, Store.write

    async def posted(*args: Any, **kwargs: Any) -> Any:
        come("claimed")
        outcome = await post(*args, **kwargs)
        come("accepted")
        return outcome

    @asynccontextmanager
    async def written(store: Store) -> AsyncIterator[Tx]:
        async with write(store) as tx:
            yield tx
            come("committing")
        come("committed")

    SlackPoster.post = posted  # type: ignore[method-assign] # it is a place to die
    Store.write = written  # type: ignore[method-assign,assignment] # the same
    for name, method in (("edited", "update"), ("looked", "find")):
        setattr(SlackPoster, method, _then(getattr(SlackPoster, method), name, come))


def _then(
    call: Callable[..., Awaitable[Any]], name: str, come: Callable[[str], None]
) -> Callable[..., Awaitable[Any]]:
    async def called(*args: Any, **kwargs: Any) -> Any:
        outcome = await call(*args, **kwargs)
        come(name)
        return outcome

    return called


def live(order: dict[str, Any]) -> None:
    """Be the bot, until it ends or is killed."""
    out = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if order.get("point"):
        die_at(order["point"], order["times"])
    sys.argv = ["runbell", "serve", "--config", order["config"]]
    cli.main()


def _code(order: dict[str, Any]) -> int:
    """Be the bot; how it ended. What forked it must never go on in its place."""
    try:
        live(order)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # noqa: BLE001 - as said above
        traceback.print_exc()
        return UNEXPECTED
    return 0


def main() -> None:
    """Obey: `start` answers with a process id, `poll` with how it ended, or null.

    Where no more orders come, since whoever gave them was stopped, no bot stays behind.
    """
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            alive.discard(pid)
        elif (answer := os.fork()) == 0:
            os._exit(_code(order))
        else:
            alive.add(answer)
        print(json.dumps(answer), flush=True)  # noqa: T201 - it is what it is for
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
