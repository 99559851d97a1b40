"""Five vendors' simulations as connections with thousands of pipelines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.clock import SystemClock
from bot.demo.clouds.codearts_check import CodeArtsCheckCloud
from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.nsml import ACCESS_KEY, API_KEY, BASE, SECRET_KEY, NsmlCloud
from bot.demo.clouds.server import Cloud
from bot.demo.clouds.world import Job, SimPipeline, Stage, World, digits
from bot.demo.clouds.yunxiao import ORGANIZATION, TOKEN, YunxiaoCloud
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, KEY, NORTHFLANK_TOKEN, PROJECT

EVERY = timedelta(days=2)
"""No run comes by itself."""

WORK = Stage("Work", (Job("work", timedelta(seconds=1), ("make",), "exit status 2"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's simulation: how it is made, and how many it tells in one call."""

    batch: int
    ident: str
    cloud: Callable[[World], Cloud]
    said: Mapping[str, Any]
    """The connection, as it stands in runbell.yml."""
    base: str = ""
    can_fail: bool = True


_HUAWEI = {
    "region": "cn-north-4",
    "project_id": PROJECT,
    "access_key": "${BENCH_HUAWEI_ACCESS}",
    "secret_key": "${BENCH_HUAWEI_SECRET}",
}
VENDORS: Mapping[str, Vendor] = {
    "nsml": Vendor(
        batch=100,
        ident="{digits}",
        cloud=NsmlCloud,
        said={
            "kind": "nsml",
            "access_key": "${BENCH_NSML_ACCESS}",
            "secret_key": "${BENCH_NSML_SECRET}",
            "api_key": "${BENCH_NSML_API}",
        },
        base=BASE,
        can_fail=False,
    ),
    "flow": Vendor(
        batch=1,
        ident="{number}",
        cloud=YunxiaoCloud,
        said={
            "kind": "yunxiao",
            "token": "${BENCH_FLOW}",
            "organization": ORGANIZATION,
        },
    ),
    "codearts": Vendor(
        batch=100,
        ident="{digits}",
        cloud=lambda world: CodeArtsPipelineCloud(world, project_id=PROJECT, **KEY),
        said={"kind": "codearts-pipeline", **_HUAWEI},
    ),
    "check": Vendor(
        batch=200,
        ident="{digits}",
        cloud=lambda world: CodeArtsCheckCloud(world, project_id=PROJECT, **KEY),
        said={"kind": "codearts-check", "api": "v1", **_HUAWEI},
    ),
    "northflank": Vendor(
        batch=1,
        ident="shop/services/p{number}",
        cloud=lambda world: NorthflankCloud(
            world, token=NORTHFLANK_TOKEN, requests_per_hour=10**9
        ),
        said={
            "kind": "northflank",
            "token": "${BENCH_NORTHFLANK}",
            "requests_per_hour": None,
        },
    ),
}
ENVIRONMENT = {
    "BENCH_NSML_ACCESS": ACCESS_KEY,
    "BENCH_NSML_SECRET": SECRET_KEY,
    "BENCH_NSML_API": API_KEY,
    "BENCH_FLOW": TOKEN,
    "BENCH_HUAWEI_ACCESS": KEY["access_key"],
    "BENCH_HUAWEI_SECRET": KEY["secret_key"],
    "BENCH_NORTHFLANK": NORTHFLANK_TOKEN,
    "SLACK_BOT_TOKEN": BOT_TOKEN,
    "SLACK_APP_TOKEN": APP_TOKEN,
}


def vendor_of(connection: str) -> Vendor:
    """Return the vendor of a connection, whose name begins with it."""
    return VENDORS[connection.partition("-")[0]]


def cloud_of(connection: str, count: int, clock: SystemClock) -> Cloud:
    """Return a cloud with so many pipelines that ran once, well."""
    vendor, world = vendor_of(connection), World(clock)
    for number in range(count):
        name = f"{connection}-p{number}"
        ident = vendor.ident.format(digits=digits(name), number=1000 + number)
        pipeline = SimPipeline(
            id=ident, name=name, stages=(WORK,), every=EVERY, phase=EVERY / 2
        )
        world.add(pipeline, history=1)
    return vendor.cloud(world)
