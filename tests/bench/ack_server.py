"""The server side of `acknowledging`, in a process of its own: the bot, or bare Bolt.

`python -m tests.bench.ack_server runbell|bolt <api_url>` prints its address and runs
until its standard input is closed. The bot is whole but for one thing: the errand that
a listener leaves behind is an empty one, since only the acknowledgement is measured.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot import log
from bot.app import open_bot
from bot.demo.stage import BOT_TOKEN, SIGNING_SECRET
from bot.settings import Settings
from bot.slack.errands import Errands
from bot.web.serving import Serving
from providers.registry import kinds

COMMAND = "/runs"
PATH = "/slack/events"


async def _nothing() -> None:
    """Do what is left to do behind an acknowledgement: nothing."""


def _idle(errands: Errands, errand: Coroutine[Any, Any, None]) -> None:
    """Start an empty errand in the place of the one that would answer."""
    errand.close()
    _start(errands, _nothing())


_start = Errands.run


@asynccontextmanager
async def runbell(api_url: str) -> AsyncIterator[str]:
    """Run the bot as `runbell serve` does in HTTP mode; yields its address."""
    Errands.run = _idle  # type: ignore[method-assign,assignment]  # only in this process
    with TemporaryDirectory() as folder:
        settings = _settings(api_url, Path(folder))
        async with open_bot(settings) as running:
            yield f"{running.url}{PATH}"


def _settings(api_url: str, folder: Path) -> Settings:
    cloud = kinds()["northflank"].settings.model_validate(
        {
            "kind": "northflank",
            "token": "nf-bench-token",
            "base_url": "http://127.0.0.1:9",
            "allow_http": True,
        }
    )
    return Settings.model_validate(
        {
            "slack": {
                "bot_token": BOT_TOKEN,
                "signing_secret": SIGNING_SECRET,
                "api_url": api_url,
            },
            "http": {"port": 0},
            "command": COMMAND,
            "connections": {"apps": cloud},
            "database": f"sqlite:///{folder}/runbell.db",
        }
    )


@asynccontextmanager
async def bolt(api_url: str) -> AsyncIterator[str]:
    """Run the least that Bolt can be, on the same server; yields its address."""
    app = AsyncApp(
        client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url),
        signing_secret=SIGNING_SECRET,
        process_before_response=True,
    )
    app.command(COMMAND)(_acknowledge)
    handler = AsyncSlackRequestHandler(app)
    web = Starlette(routes=[Route(PATH, handler.handle, methods=["POST"])])
    async with Serving(web, host="127.0.0.1", port=0) as serving:
        yield f"{serving.url}{PATH}"


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


WHICH = {"runbell": runbell, "bolt": bolt}


async def serve(which: str, api_url: str) -> None:
    """Serve one of them until nobody holds the other end of our standard input."""
    async with WHICH[which](api_url) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    log.configure(level=logging.INFO)
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
