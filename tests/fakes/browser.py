"""A headless Chromium, driven over its DevTools protocol: enough to use a page.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "there is no Chromium here (Debian: apt install chromium)"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
PATIENCE = 20
"""Seconds within which everything a page is waited for has to happen."""

# The page itself looks again and again, so that nothing has to sleep in the test.
UNTIL = """new Promise((resolve, reject) => {
  const end = performance.now() + %d;
  const look = () => {
    const found = (() => { %s })();
    if (found) resolve(found);
    else if (performance.now() > end) reject(new Error("waited in vain"));
    else setTimeout(look, 20);
  };
  look();
})"""

KEYS: Mapping[str, tuple[int, str]] = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
}


class Browser:
    """One tab, with a fresh profile in `home`."""

    def __init__(self, home: Path, *, width: int = 1280, height: int = 900) -> None:
        self._home = home
        self._size = f"--window-size={width},{height}"
        self._stack = AsyncExitStack()
        self._calls = 0
        self._session: str | None = None
        self.problems: list[str] = []
        """What the page threw, and what the browser complained of in it."""

    async def __aenter__(self) -> Self:
        assert CHROMIUM, MISSING
        async with AsyncExitStack() as stack:
            process = await asyncio.create_subprocess_exec(
                CHROMIUM,
                *FLAGS,
                self._size,
                f"--user-data-dir={self._home}",
                "about:blank",
                stderr=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # its own children end with it
            )
            stack.push_async_callback(_end, process)
            url = await asyncio.wait_for(_address(process), PATIENCE)
            http = await stack.enter_async_context(aiohttp.ClientSession())
            self._socket = await stack.enter_async_context(
                http.ws_connect(url, max_msg_size=0)
            )
            tab = await self.call("Target.createTarget", url="about:blank")
            attached = await self.call(
                "Target.attachToTarget", targetId=tab["targetId"], flatten=True
            )
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                await self.call(f"{domain}.enable")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._calls += 1
        wanted = {"id": self._calls, "method": method, "params": params}
        if self._session is not None:
            wanted["sessionId"] = self._session
        await self._socket.send_json(wanted)
        async with asyncio.timeout(PATIENCE + 10):
            while True:
                said = json.loads(await self._socket.receive_str())
                self._note(said)
                if said.get("id") == self._calls:
                    assert "error" not in said, (method, said["error"])
                    result: dict[str, Any] = said["result"]
                    return result

    async def open(self, url: str) -> None:
        """Go to a page."""
        await self.call("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression comes to in the page, once it is settled."""
        done = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in done, (expression, done["exceptionDetails"])
        return done["result"].get("value")

    async def until(self, expression: str, *, patience: float = PATIENCE) -> None:
        """Return once an expression is true in the page."""
        await self.evaluate(UNTIL % (patience * 1000, f"return !!({expression});"))

    async def text(self, selector: str) -> str:
        """Return the text a part of the page shows, once there is such a part."""
        quoted = json.dumps(selector)
        await self.until(f"document.querySelector({quoted})")
        return str(await self.evaluate(f"document.querySelector({quoted}).innerText"))

    async def click(self, selector: str) -> None:
        """Click on a part of the page, once it is there."""
        quoted = json.dumps(selector)
        await self.until(f"document.querySelector({quoted})")
        await self.evaluate(f"document.querySelector({quoted}).click()")

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        await self.call("Input.insertText", text=text)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key where the focus is."""
        code, text = KEYS[key]
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        about["modifiers"] = 8 if shift else 0
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        await self.call("Input.dispatchKeyEvent", **about, **down)
        await self.call("Input.dispatchKeyEvent", **about, type="keyUp")

    async def picture(self, path: Path) -> None:
        """Write a picture of what is to be seen."""
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))

    def _note(self, said: Mapping[str, Any]) -> None:
        if said.get("method") == "Runtime.exceptionThrown":
            self.problems.append(str(said["params"]["exceptionDetails"]))
        if said.get("method") == "Log.entryAdded":
            self.problems.append(str(said["params"]["entry"]))


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    mark = "DevTools listening on "
    async for line in process.stderr:
        if (said := line.decode(errors="replace")).startswith(mark):
            return said.removeprefix(mark).strip()
    raise AssertionError("Chromium ended before it listened")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
    # Whatever it still says is read, so that it cannot wait for a reader.
    await process.communicate()
