"""A configuration on disk, of simulated clouds and a local Slack on loopback."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clock import SystemClock
from bot.demo.clouds.codearts_check import CodeArtsCheckCloud
from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.nsml import BASE, NsmlCloud
from bot.demo.clouds.server import Cloud, LoopbackServer
from bot.demo.clouds.world import digits
from bot.demo.clouds.yunxiao import YunxiaoCloud
from bot.demo.scenery import worlds
from bot.demo.slack import LocalSlack
from bot.setup.doctor import PATIENCE, examine
from bot.setup.findings import Finding
from tests.fakes.clock import FakeClock

PROJECT = digits("the doctor's project")
HUAWEI = {
    "region": "cn-north-4",
    "project_id": PROJECT,
    "access_key": "${ACCESS_KEY}",
    "secret_key": "${SECRET_KEY}",
}
ENVIRON = {
    "ACCESS_KEY": "demo-access-key",
    "SECRET_KEY": "demo-secret-key",
    "NSML_ACCESS_KEY": "ncp-demo-access-key",
    "NSML_SECRET_KEY": "ncp-demo-secret-key",
    "NSML_API_KEY": "ncp-demo-api-key",
    "YUNXIAO_TOKEN": "pt-demo",
    "NORTHFLANK_TOKEN": "nf-demo-token",
    "SLACK_BOT_TOKEN": "xoxb-demo",
    "SLACK_APP_TOKEN": "xapp-demo",
}
SCOPES = frozenset({"commands", "chat:write"})


class Ward:
    """What the doctor is called to: clouds, Slack, a configuration, an environment."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.clock = clock
        self.file = folder / "runbell.yml"
        self.environ = dict(ENVIRON)
        self.connections: dict[str, dict[str, Any]] = {}
        self.clouds: Mapping[str, Cloud] = {}
        self.slack: LocalSlack
        self.told: list[Finding] = []

    async def open(self, stack: AsyncExitStack, *kinds: str) -> None:
        """Open Slack, and the clouds of these kinds, or of all."""
        world = worlds(self.clock)
        keys = {"access_key": "demo-access-key", "secret_key": "demo-secret-key"}
        self.clouds = {
            "nsml": NsmlCloud(world["nsml"]),
            "yunxiao": YunxiaoCloud(world["yunxiao"]),
            "codearts-pipeline": CodeArtsPipelineCloud(
                world["codearts-pipeline"], project_id=PROJECT, **keys
            ),
            "codearts-check": CodeArtsCheckCloud(
                world["codearts-check"], project_id=PROJECT, **keys
            ),
            "northflank": NorthflankCloud(world["northflank"], token="nf-demo-token"),
        }
        settings: Mapping[str, dict[str, Any]] = {
            "nsml": {
                name: f"${{NSML_{name.upper()}}}"
                for name in ("access_key", "secret_key", "api_key")
            },
            "yunxiao": {
                "token": "${YUNXIAO_TOKEN}",
                "organization": "5ebbc0228123212b59demo0",
            },
            "codearts-pipeline": HUAWEI,
            "codearts-check": HUAWEI,
            "northflank": {"token": "${NORTHFLANK_TOKEN}"},
        }
        self.clouds = {k: v for k, v in self.clouds.items() if k in (kinds or settings)}
        for kind, cloud in self.clouds.items():
            url = (await stack.enter_async_context(LoopbackServer(cloud.app()))).url
            base = f"{url}{BASE}" if kind == "nsml" else url
            common = {"kind": kind, "base_url": base, "allow_http": True}
            self.connections[kind] = {**settings[kind], **common}
        self.slack = LocalSlack(
            self.clock,
            random.Random(7),  # noqa: S311 - repeatable on purpose
            signing_secret="demo-signing-secret",
            bot_token="xoxb-demo",
            app_token="xapp-demo",
            scopes=SCOPES,
        )
        await stack.enter_async_context(self.slack)

    def only(self, *names: str) -> None:
        """Keep these connections alone."""
        self.connections = {name: self.connections[name] for name in names}

    def write(self, **more: Any) -> None:
        """Write the configuration."""
        data = {"slack": {"api_url": self.slack.api_url}, **more}
        data["connections"] = self.connections
        self.file.write_text(yaml.safe_dump(data), encoding="utf-8")

    async def examined(
        self, *, scopes: Collection[str] = SCOPES, patience: float | None = None
    ) -> dict[str, Finding]:
        """Return what the doctor found, by name; no secret is in any of it."""
        if not self.file.exists():
            self.write()
        await examine(
            self.file,
            self.environ,
            self.told.append,
            scopes=scopes,
            clock=self.clock,
            random=random.Random(7),  # noqa: S311 - repeatable on purpose
            patience=PATIENCE if patience is None else timedelta(seconds=patience),
        )
        shown = "".join(f"{f.line()}{f.data()}" for f in self.told)
        for secret in (*self.environ.values(), "demo-signing-secret"):
            assert secret not in shown
        return {finding.name.partition(" (")[0]: finding for finding in self.told}


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    """Two connections and Slack."""
    # Slack's answers carry the real time; waits between attempts take none.
    found = Ward(tmp_path, FakeClock(SystemClock().now()))
    async with AsyncExitStack() as stack:
        await found.open(stack, "nsml", "northflank")
        yield found


@pytest.fixture
async def full_ward(tmp_path: Path) -> AsyncIterator[Ward]:
    """A connection of every kind, and Slack."""
    found = Ward(tmp_path, FakeClock(SystemClock().now()))
    async with AsyncExitStack() as stack:
        await found.open(stack)
        yield found
