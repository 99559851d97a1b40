"""The page's server: the bundle, a stream of changes, and what a person does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.demo.page.acts import ACTS
from bot.demo.page.film import Film
from bot.demo.page.guard import Guard
from bot.demo.page.picture import picture
from bot.demo.slack import NotPossible
from bot.web.serving import Serving

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from bot.demo.stage import Stage

HOST = "127.0.0.1"
PORT = 8300

BUNDLE = Path(__file__).parent / "dist"
FILES: Mapping[str, tuple[str, str]] = {
    "/": ("index.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """The page while it is served."""

    url: str


@asynccontextmanager
async def open_page(stage: Stage, *, port: int = PORT) -> AsyncIterator[Page]:
    """Serve the page of a stage on loopback; port 0 takes a free one.

    Raises:
        OSError: the port is taken.

    """
    files = await asyncio.to_thread(_read_bundle)
    film = Film(partial(picture, stage))
    async with AsyncExitStack() as stack:
        serving = Serving(application(stage, film, files), host=HOST, port=port)
        await stack.enter_async_context(serving)
        # Closed before the server is, which would wait for the streams.
        stack.callback(film.close)
        watching = asyncio.create_task(film.run(stage.slack.wait_for))
        stack.push_async_callback(_end, watching)
        yield Page(serving.url)


def application(stage: Stage, film: Film, files: Mapping[str, bytes]) -> ASGIApp:
    """Return the page as an ASGI app."""

    async def file(request: Request) -> Response:
        name, media_type = FILES[request.url.path]
        return Response(files[name], media_type=media_type)

    async def state(_: Request) -> Response:
        return JSONResponse(film.picture)

    async def events(_: Request) -> Response:
        return StreamingResponse(_stream(film), media_type="text/event-stream")

    async def act(request: Request) -> Response:
        kind = ACTS.get(request.path_params["act"])
        if kind is None:
            return JSONResponse({"problem": "no such act"}, 404)
        try:
            wanted = kind.model_validate_json(await request.body())
            told = await wanted.do(stage)
        except ValidationError:
            return JSONResponse({"problem": "this act is told wrongly"}, 400)
        except NotPossible as refusal:
            words = ": ".join(str(word) for word in refusal.args)
            return JSONResponse({"problem": f"Slack says: {words}."}, 409)
        film.look()
        return JSONResponse(told)

    return Guard(
        Starlette(
            routes=[
                *(Route(path, file) for path in FILES),
                Route("/api/state", state),
                Route("/api/events", events),
                Route("/api/{act}", act, methods=["POST"]),
            ]
        )
    )


async def _stream(film: Film) -> AsyncIterator[str]:
    """Yield server-sent events.

    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    async for scene in film.scenes():
        yield ":\n\n" if scene is None else f"data: {json.dumps(scene)}\n\n"


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _read_bundle() -> Mapping[str, bytes]:
    return {name: (BUNDLE / name).read_bytes() for name, _ in FILES.values()}
