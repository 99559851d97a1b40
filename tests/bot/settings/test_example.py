"""runbell.example.yml shows every setting there is, and works as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import (
    CacheSettings,
    FiledWatch,
    HttpSettings,
    Settings,
    SlackSettings,
    WatchSettings,
)
from bot.settings.plain_yaml import parse
from bot.terms import SPELLINGS
from bot.vocabulary import VERBS
from providers.registry import kinds
from providers.settings import ConnectionSettings
from tests.bot.settings.reading import Reader

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "runbell.example.yml").read_text("utf-8")
ALL = re.sub(r"(?m)^( *)#(?=(?:- )?\w+:)", r"\1", EXAMPLE)
"""The example with every setting that may be left out put in."""

LIST = r"\(`([^`]+)`\)"
"""A list of words in a page."""

ENVIRON = dict.fromkeys(re.findall(r"\$\{(\w+)\}", EXAMPLE), "fake-value")
SECTIONS: Mapping[str, type[BaseModel]] = {
    "slack": SlackSettings,
    "http": HttpSettings,
    "cache": CacheSettings,
    "watch": WatchSettings,
}


def shown(kind: str) -> dict[str, Any]:
    connections = parse(ALL, "all").data["connections"].values()
    (found,) = (each for each in connections if each["kind"] == kind)
    return dict(found)


def test_the_example_loads_as_it_is(reader: Reader) -> None:
    settings = reader.load(EXAMPLE, ENVIRON)
    assert {each.kind for each in settings.connections.values()} == set(kinds())


def test_the_example_works_in_slack_with_the_tokens_of_socket_mode(
    reader: Reader,
) -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-fake", "SLACK_APP_TOKEN": "xapp-fake"}
    environ = {k: v for k, v in ENVIRON.items() if not k.startswith("SLACK_")}
    reader.load(EXAMPLE, environ | tokens, for_slack=True)


def test_every_setting_it_shows_has_a_value_that_is_right(reader: Reader) -> None:
    """Only alternatives exclude each other: two credentials of one connection."""
    for problem in reader.problems(ALL, ENVIRON):
        assert re.search(r": connections\.[\w-]+: (write|a connection with) ", problem)


def test_every_setting_of_the_tree_is_shown() -> None:
    data = parse(ALL, "all").data
    assert set(data) == set(Settings.model_fields)
    for section, model in SECTIONS.items():
        assert set(data[section]) == set(model.model_fields)
    (watch,) = data["watches"]
    assert set(watch) == set(map(as_written, FiledWatch.model_fields.items()))


def as_written(field: tuple[str, FieldInfo]) -> str:
    return field[1].alias or field[0]


@pytest.mark.parametrize("kind", kinds())
def test_every_setting_of_every_kind_is_shown(kind: str) -> None:
    assert set(shown(kind)) == set(kinds()[kind].settings.model_fields)


def defaults() -> Iterator[tuple[str, type[BaseModel], dict[str, Any]]]:
    data = parse(ALL, "all").data
    yield "the tree", Settings, data
    for section, model in SECTIONS.items():
        yield section, model, data[section]
    yield "watches", FiledWatch, data["watches"][0]
    for name, kind in kinds().items():
        yield name, kind.settings, shown(name)


@pytest.mark.parametrize(
    ("name", "model", "data"), [*defaults()], ids=lambda v: str(v)[:20]
)
def test_every_default_it_shows_is_the_default(
    name: str, model: type[BaseModel], data: dict[str, Any]
) -> None:
    for setting, field in model.model_fields.items():
        default = field.default
        if default in (None, ()) or field.is_required() or field.default_factory:
            continue
        if hasattr(default, "total_seconds"):
            default = default.total_seconds()
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        found = data[setting]
        if isinstance(default, tuple | frozenset):
            default = type(default)(
                each.value if isinstance(each, Enum) else each for each in default
            )
            found = type(default)(found)
        assert found == default, f"{name}: {setting}"


def test_every_setting_has_a_comment_somewhere_above_it() -> None:
    """Those that are the same for every kind refer to the first."""
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r" {0,2}\w+:|  #\w+:", line) and "connections" not in line:
            above = lines[number - 1]
            assert re.match(r" *# |(groups|aliases):", above), line


def test_it_holds_no_secret_in_clear_text() -> None:
    for model in (*SECTIONS.values(), *(kind.settings for kind in kinds().values())):
        for name, field in model.model_fields.items():
            if "SecretStr" in str(field.annotation):
                values = re.findall(rf"(?m)^ +#?{name}: (.*)$", EXAMPLE)
                assert values, name
                assert all(re.fullmatch(r"\$\{\w+\}", value) for value in values)


def test_the_page_for_operators_names_every_setting_of_the_tree() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    models: tuple[type[BaseModel], ...] = (
        Settings,
        ConnectionSettings,
        FiledWatch,
        *SECTIONS.values(),
    )
    for name in (
        as_written(field) for model in models for field in model.model_fields.items()
    ):
        assert f"`{name}`" in page, name
    for words in (VERBS, SPELLINGS):
        assert any(set(found.split()) == set(words) for found in re.findall(LIST, page))
