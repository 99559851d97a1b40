"""The container and the two replicas: what the files promise each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.metrics import TOLD, Metrics
from bot.store.address import Dialect, parse
from bot.web.server import application

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def test_the_containers_store_is_on_a_volume_that_its_user_may_write_to() -> None:
    (url,) = re.findall(r"RUNBELL_DATABASE_URL=(\S+)", DOCKERFILE)
    folder = str(Path(parse(url).target).parent)
    assert f"VOLUME {folder}\n" in DOCKERFILE
    assert f"--owner=runbell --mode=0700 {folder}\n" in DOCKERFILE
    # What is done to a folder after it became a volume is lost.
    assert DOCKERFILE.index("--owner=runbell") < DOCKERFILE.index("VOLUME")


def test_the_replicas_share_a_database(services: dict[str, Any]) -> None:
    assert services["runbell"]["deploy"]["replicas"] == 2
    url = services["runbell"]["environment"]["RUNBELL_DATABASE_URL"]
    password = re.compile(r"\$\{RUNBELL_DB_PASSWORD:\?[^}]*\}")
    assert parse(password.sub("x", url)).dialect is Dialect.POSTGRESQL
    given = services["database"]["environment"]
    assert url.endswith(f"@database/{given['POSTGRES_DB']}")
    assert url.startswith(f"postgresql://{given['POSTGRES_USER']}:")


def test_no_secret_stands_in_the_compose_file(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name:
                assert re.fullmatch(r"\$\{\w+:\?[^}]*\}", value), name
    assert re.findall(r"x(?:oxb|app)-", COMPOSE) == []


def test_every_service_has_a_health_check_of_something_there_is(
    services: dict[str, Any],
) -> None:
    assert all("healthcheck" in service for service in services.values())
    (path,) = re.findall(r"127\.0\.0\.1:3000(/\w+)", COMPOSE)
    app = application(slack=None, is_ready=lambda: True)
    assert path in {getattr(route, "path", None) for route in app.routes}


def test_the_page_for_operators_explains_every_figure() -> None:
    metrics = Metrics()
    metrics.looked("shop", is_blind=True)
    names = set(re.findall(r"(?m)^# TYPE runbell_(\w+) ", metrics.text().decode()))
    named = set(re.findall(r"`(?:runbell_)?([a-z_]+)`", OPERATING))
    assert names <= named
    assert {f"{name}_total" for name, _ in TOLD.values()} <= names


def test_the_alarms_of_the_page_ask_for_figures_there_are() -> None:
    text = Metrics().text().decode()
    for name in re.findall(r"expr: .*?runbell_(\w+)", OPERATING):
        assert f"# TYPE runbell_{name} " in text, name
