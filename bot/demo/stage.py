"""Everything at once on loopback: clouds, a local Slack, and the real bot between them.

The demo plays on this stage, and so do the end-to-end tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bot.app import HASTE, Bot, open_bot
from bot.demo.clouds.codearts_check import CodeArtsCheckCloud
from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.nsml import BASE as NSML_BASE
from bot.demo.clouds.nsml import NsmlCloud
from bot.demo.clouds.server import Cloud, LoopbackServer
from bot.demo.clouds.world import digits
from bot.demo.clouds.yunxiao import YunxiaoCloud
from bot.demo.scenery import worlds
from bot.demo.slack import LocalSlack
from bot.settings import Mode, Settings
from providers.registry import kinds

if TYPE_CHECKING:
    from bot.demo.slack import Channel, User
    from bot.work.port import Engine
    from providers.clock import Clock

# Obviously fake, and good for nothing outside this process.
BOT_TOKEN = "xoxb-demo"  # noqa: S105 - see above
APP_TOKEN = "xapp-demo"  # noqa: S105 - see above
SIGNING_SECRET = "demo-signing-secret"  # noqa: S105 - see above
KEY = {"access_key": "demo-access-key", "secret_key": "demo-secret-key"}
NORTHFLANK_TOKEN = "nf-demo-token"  # noqa: S105 - see above
PROJECT = digits("the demo's project")

GROUPS = {"payments": ("flow:payments-release", "northflank:invoices*")}
ALIASES = {"shop": "northflank:*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that plays; `clouds` goes by the names of the bot's connections."""

    clouds: Mapping[str, Cloud]
    urls: Mapping[str, str]
    """Where each cloud listens."""
    slack: LocalSlack
    bot: Bot
    settings: Settings
    person: User
    channel: Channel


@asynccontextmanager
async def open_stage(
    clock: Clock,
    random: Random,
    *,
    mode: Mode = Mode.SOCKET,
    haste: timedelta = HASTE,
    engine: Engine | None = None,
    **changes: Any,
) -> AsyncIterator[Stage]:
    """Open clouds, Slack and bot.

    Args:
        clock: of all of them.
        random: of all of them.
        mode: how Slack's requests reach the bot.
        haste: after how long the bot says what it knows, before the rest.
        engine: works on the watch, in the place of the bot's own.
        changes: further settings of the bot's; its store is a file that goes with the
            stage.

    """
    clouds = _clouds(clock)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="runbell-"))
        changes = {"database": f"sqlite:///{folder}/runbell.db", **changes}
        urls: dict[str, str] = {}
        for name, cloud in clouds.items():
            server = LoopbackServer(cloud.app())
            urls[name] = (await stack.enter_async_context(server)).url
        slack = LocalSlack(
            clock,
            random,
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
        )
        await stack.enter_async_context(slack)
        person = slack.add_user("you")
        channel = slack.add_channel("deploys", person)
        settings = _settings(urls, slack, mode, changes)
        bot = await stack.enter_async_context(
            open_bot(settings, clock=clock, random=random, haste=haste, engine=engine)
        )
        if mode is Mode.HTTP:
            slack.request_url = f"{bot.url}/slack/events"
        else:
            await slack.wait_until_connected()
        yield Stage(
            clouds=clouds,
            urls=urls,
            slack=slack,
            bot=bot,
            settings=settings,
            person=person,
            channel=channel,
        )


def _clouds(clock: Clock) -> Mapping[str, Cloud]:
    world = worlds(clock)
    return {
        "nsml": NsmlCloud(world["nsml"]),
        "flow": YunxiaoCloud(world["yunxiao"]),
        "codearts": CodeArtsPipelineCloud(
            world["codearts-pipeline"], project_id=PROJECT, **KEY
        ),
        "check": CodeArtsCheckCloud(world["codearts-check"], project_id=PROJECT, **KEY),
        "northflank": NorthflankCloud(world["northflank"], token=NORTHFLANK_TOKEN),
    }


def connections(urls: Mapping[str, str]) -> Mapping[str, dict[str, Any]]:
    """Return the connections as they would stand in runbell.yml."""
    huawei = {"region": "cn-north-4", "project_id": PROJECT, **KEY}
    return {
        "nsml": {
            "kind": "nsml",
            "access_key": "ncp-demo-access-key",
            "secret_key": "ncp-demo-secret-key",
            "api_key": "ncp-demo-api-key",
            "base_url": f"{urls['nsml']}{NSML_BASE}",
        },
        "flow": {
            "kind": "yunxiao",
            "token": "pt-demo",
            "organization": "5ebbc0228123212b59demo0",
            "base_url": urls["flow"],
        },
        "codearts": {
            "kind": "codearts-pipeline",
            "base_url": urls["codearts"],
            **huawei,
        },
        "check": {"kind": "codearts-check", "base_url": urls["check"], **huawei},
        "northflank": {
            "kind": "northflank",
            "token": NORTHFLANK_TOKEN,
            "base_url": urls["northflank"],
        },
    }


def _settings(
    urls: Mapping[str, str], slack: LocalSlack, mode: Mode, changes: dict[str, Any]
) -> Settings:
    known = kinds()
    parsed = {
        name: known[said["kind"]].settings.model_validate({"allow_http": True, **said})
        for name, said in connections(urls).items()
    }
    way = (
        {"signing_secret": SIGNING_SECRET}
        if mode is Mode.HTTP
        else {"app_token": APP_TOKEN}
    )
    return Settings.model_validate(
        {
            "slack": {"bot_token": BOT_TOKEN, "api_url": slack.api_url, **way},
            "http": {"port": 0},
            "connections": parsed,
            "groups": GROUPS,
            "aliases": ALIASES,
            **changes,
        }
    )
