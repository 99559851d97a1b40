"""`runbell manifest`: the tree's manifest, with one's own command and address."""

from __future__ import annotations

import ast
import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hatchling.build import build_wheel
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from slack_sdk.web.async_client import AsyncWebClient
from typer.testing import CliRunner

from bot.answers import Pending, Said, Shelf
from bot.cli import cli
from bot.commands.asker import Asker
from bot.settings import Command
from bot.setup.manifest import ManifestError, manifest, scopes, source
from bot.slack.dialogs import Dialogs
from bot.slack.errands import Errands
from bot.slack.listeners import Listeners
from bot.slack.replies import Replies
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parents[3]
TREE = (ROOT / "manifest.yml").read_text("utf-8")
URL = "https://bell.example.com"
REQUESTS = f"{URL}/slack/events"

FULL = """\
# A manifest with everything that has an address in HTTP mode.
display_information:
  name: Bell
  long_description: "Type /ci status, not /cinema or https://x.example/ci, to begin."
features:
  slash_commands:
    - command: /ci
      description: what runs # what it does
    - {command: /cinema, description: something else}
oauth_config:
  scopes:
    bot:
      - commands # why
      - chat:write
settings:
  event_subscriptions:
    request_url: https://old.example.com/
    bot_events: [app_mention]
  interactivity:
    is_enabled: true
  socket_mode_enabled: true
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No runbell.yml of anybody's is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBELL_CONFIG", raising=False)


def printed(*args: str) -> str:
    result = CliRunner().invoke(cli, ["manifest", *args])
    assert result.exit_code == 0, result.output
    return result.stdout


def command_in(text: str) -> str:
    name: str = yaml.safe_load(text)["features"]["slash_commands"][0]["command"]
    return name


def test_without_a_word_it_is_the_manifest_of_the_tree() -> None:
    assert printed() == TREE


def test_the_command_is_taken_from_the_option_or_else_from_the_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "runbell.yml").write_text("command: /ci\nconnections: {}\n")
    (tmp_path / "other.yml").write_text("connections: {}\n")

    assert command_in(printed()) == "/ci"
    assert command_in(printed("--command", "/bell")) == "/bell"
    assert command_in(printed("--config", "other.yml")) == "/runs"
    assert command_in(printed("--config", "not-there-yet.yml")) == "/runs"


def test_the_configuration_needs_no_secrets_yet(tmp_path: Path) -> None:
    """The app has to be made before there are any tokens."""
    (tmp_path / "runbell.yml").write_text(
        "command: /ci\nconnections:\n  x: {kind: nsml, api_key: '${NOT_SET}'}\n"
    )
    assert command_in(printed()) == "/ci"


def test_a_configuration_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "runbell.yml").write_text("command: ${NOT_SET_ANYWHERE}\n")
    result = CliRunner().invoke(cli, ["manifest"])
    assert result.exit_code == 2
    assert "runbell.yml:1: command: NOT_SET_ANYWHERE is not set" in result.output


def test_with_an_address_it_is_for_http_mode() -> None:
    data = yaml.safe_load(printed("--url", f"{URL}/"))

    assert data["settings"]["socket_mode_enabled"] is False
    assert data["features"]["slash_commands"][0]["url"] == REQUESTS


def test_only_addresses_and_the_mode_differ_in_http_mode() -> None:
    before, after = yaml.safe_load(FULL), yaml.safe_load(manifest(FULL, url=REQUESTS))
    settings = before["settings"]
    for command in before["features"]["slash_commands"]:
        command["url"] = REQUESTS
    settings["event_subscriptions"]["request_url"] = REQUESTS
    settings["interactivity"]["request_url"] = REQUESTS
    settings["interactivity"]["message_menu_options_url"] = REQUESTS
    settings["socket_mode_enabled"] = False
    assert after == before


def test_where_nothing_is_interactive_there_is_no_address_for_it() -> None:
    still = FULL.replace("is_enabled: true", "is_enabled: false")
    data = yaml.safe_load(manifest(still, url=URL))
    assert data["settings"]["interactivity"] == {"is_enabled": False}


def test_the_command_is_renamed_wherever_it_is_spoken_of_and_nowhere_else() -> None:
    data = yaml.safe_load(manifest(FULL, command="/builds"))
    said = data["display_information"]["long_description"]
    assert said == "Type /builds status, not /cinema or https://x.example/ci, to begin."
    commands = [c["command"] for c in data["features"]["slash_commands"]]
    assert commands == ["/builds", "/cinema"]


def test_what_the_comments_say_stays() -> None:
    text = manifest(FULL, command="/builds", url=URL)
    assert re.findall("#.*", text) == re.findall("#.*", FULL)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--command", "CI"], "write / and 1 to 31 lower-case letters"),
        (["--command", f"/{'x' * 32}"], "is no slash command that Slack accepts"),
        (["--url", "http://bell.example.com"], "https:// addresses only"),
        (["--url", "bell.example.com"], "write one like https://api.example.com"),
        (["--url", "https://me:pw@bell.example.com"], "without user, password"),
        (["--url", f"https://x.example/{'y' * 3000}"], "up to 3000 characters"),
    ],
)
def test_what_slack_would_refuse_is_refused_here(args: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, ["manifest", *args])
    assert result.exit_code == 2
    assert said in result.output
    assert result.stdout == ""
    assert "me:pw" not in result.output


def test_the_scopes_are_those_of_the_bot() -> None:
    assert scopes(FULL) == {"commands", "chat:write"}
    assert scopes("settings: {}") == set()
    assert "commands" in scopes(source())


def test_an_installed_runbell_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / build_wheel(str(tmp_path))
    with zipfile.ZipFile(wheel) as files:
        assert files.read("bot/manifest.yml").decode() == TREE
        files.extract("bot/manifest.yml", tmp_path)
    monkeypatch.setattr("bot.setup.manifest.files", lambda _: tmp_path / "bot")
    assert source() == TREE


# What Slack takes: https://docs.slack.dev/reference/app-manifest


def text(least: int, most: int, pattern: str = "(?s:.*)") -> re.Pattern[str]:
    return re.compile(rf"(?=[\s\S]{{{least},{most}}}\Z){pattern}")


ADDRESS = text(9, 3000, r"https://\S+")
COLOUR = re.compile(r"#([0-9a-fA-F]{3}){1,2}")
SCOPE = re.compile(r"[a-z_.]+(:[a-z_.]+)*")
RULES: Mapping[str, re.Pattern[str] | type] = {
    "_metadata.major_version": int,
    "_metadata.minor_version": int,
    "display_information.name": text(1, 35),
    "display_information.description": text(0, 140),
    "display_information.long_description": text(175, 4000),
    "display_information.background_color": COLOUR,
    "features.bot_user.display_name": text(1, 80),
    "features.bot_user.always_online": bool,
    "features.slash_commands[].command": text(2, 32, r"/[^\s/A-Z]+"),
    "features.slash_commands[].description": text(1, 2000),
    "features.slash_commands[].usage_hint": text(0, 1000),
    "features.slash_commands[].url": ADDRESS,
    "features.slash_commands[].should_escape": bool,
    "features.shortcuts[].name": text(1, 24),
    "features.shortcuts[].type": re.compile("message|global"),
    "features.shortcuts[].callback_id": text(1, 255),
    "features.shortcuts[].description": text(1, 150),
    "features.app_home.home_tab_enabled": bool,
    "features.app_home.messages_tab_enabled": bool,
    "features.app_home.messages_tab_read_only_enabled": bool,
    "oauth_config.scopes.bot[]": SCOPE,
    "oauth_config.scopes.bot_optional[]": SCOPE,
    "settings.event_subscriptions.request_url": ADDRESS,
    "settings.event_subscriptions.bot_events[]": re.compile(r"[a-z_.]+"),
    "settings.interactivity.is_enabled": bool,
    "settings.interactivity.request_url": ADDRESS,
    "settings.interactivity.message_menu_options_url": ADDRESS,
    "settings.org_deploy_enabled": bool,
    "settings.socket_mode_enabled": bool,
    "settings.token_rotation_enabled": bool,
}
MOST = {
    "features.slash_commands": 50,
    "features.shortcuts": 10,
    "oauth_config.scopes.bot": 255,
    "oauth_config.scopes.bot_optional": 255,
    "settings.event_subscriptions.bot_events": 100,
}
NEEDED = (
    "display_information.name",
    "features.bot_user.display_name",
    "features.slash_commands[].command",
    "features.slash_commands[].description",
    "settings.socket_mode_enabled",
)


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{place}.{name}".removeprefix("."))
    elif isinstance(value, list):
        assert 1 <= len(value) <= MOST[place], place
        for inner in value:
            yield from leaves(inner, f"{place}[]")
    else:
        yield place, value


def hold_against_slack(data: Mapping[str, Any], *, is_http: bool) -> None:
    found = list(leaves(data))
    for place, value in found:
        rule = RULES[place]
        if isinstance(rule, type):
            assert type(value) is rule, place
        else:
            assert rule.fullmatch(value), f"{place}: {value!r}"
    assert {place for place, _ in found} >= set(NEEDED)
    addresses = {place for place, _ in found if RULES[place] is ADDRESS}
    assert bool(addresses) is is_http


def is_legal(command: str) -> bool:
    try:
        TypeAdapter(Command).validate_python(command)
    except ValidationError:
        return False
    return True


LETTERS = st.characters(categories=["Ll", "Lo", "N"], include_characters="-_")
COMMANDS = (
    st.text(LETTERS, min_size=1, max_size=31)
    .map(lambda word: f"/{word}")
    .filter(is_legal)
)


@given(command=COMMANDS, url=st.sampled_from([None, URL, f"{URL}/deep/er"]))
def test_slack_takes_it_with_any_legal_command(command: str, url: str | None) -> None:
    data = yaml.safe_load(manifest(TREE, command=command, url=url))
    assert data["features"]["slash_commands"][0]["command"] == command
    hold_against_slack(data, is_http=url is not None)


@given(command=st.text(max_size=40).filter(lambda text: not is_legal(text)))
def test_any_other_command_is_refused(command: str) -> None:
    with pytest.raises(ManifestError, match="write / and 1 to 31"):
        manifest(TREE, command=command)


# --- held against the code ----------------------------------------------------------


class Noting:
    """Notes what listeners are registered, as Bolt's app would take them."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.events: list[str] = []
        self.is_interactive = False
        self.has_searched_menus = False

    def command(self, name: str) -> Callable[[object], None]:
        self.commands.append(name)
        return _taken

    def event(self, name: str | re.Pattern[str]) -> Callable[[object], None]:
        if isinstance(name, str):
            self.events.append(name)
        return _taken

    def action(self, name: object) -> Callable[[object], None]:
        self.is_interactive = True
        return _taken

    def options(self, name: object) -> Callable[[object], None]:
        self.has_searched_menus = True
        return _taken

    def view(self, name: object) -> Callable[[object], None]:
        return _taken


def _taken(listener: object) -> None:
    assert callable(listener)


async def _nothing(text: str, asker: Asker) -> AsyncIterator[Said]:
    yield Said(answer=Pending(connections=(text,)))


async def _no_shelf(query: str) -> tuple[Shelf, ...]:
    return ()


def registered(command: str) -> Noting:
    app = Noting()
    clock = FakeClock()
    replies = Replies(
        ask=_nothing,
        sender=None,  # type: ignore[arg-type]  # never sends
        clock=clock,
        zone=ZoneInfo("UTC"),
    )
    dialogs = Dialogs(
        client=None,  # type: ignore[arg-type]  # never asks
        ask=_nothing,
        suggest=_no_shelf,
        command=command,
    )
    listeners = Listeners(
        replies=replies,
        dialogs=dialogs,
        clock=clock,
        errands=Errands(),
        command=command,
    )
    listeners.register(app)  # type: ignore[arg-type]  # all of Bolt's that is used
    return app


# What an event is called in a manifest, and what it takes to be told of it.
# `message` is only ever asked for in direct messages; listeners see to it.
EVENTS: Mapping[str, tuple[str, str]] = {
    # https://docs.slack.dev/reference/events/app_mention
    "app_mention": ("app_mention", "app_mentions:read"),
    # https://docs.slack.dev/reference/events/message.im
    "message": ("message.im", "im:history"),
}

# What it takes to call a method of the Web API; `None` where any token will do.
METHODS: Mapping[str, str | None] = {
    # https://docs.slack.dev/reference/methods/chat.postMessage
    "chat_postMessage": "chat:write",
    # https://docs.slack.dev/reference/methods/chat.update
    "chat_update": "chat:write",
    # https://docs.slack.dev/reference/methods/views.open
    "views_open": None,
    # https://docs.slack.dev/reference/methods/views.update
    "views_update": None,
    # https://docs.slack.dev/reference/methods/auth.test
    "auth_test": None,
    # https://docs.slack.dev/reference/methods/apps.connections.open, an app token's
    "apps_connections_open": None,
}

# What it takes to look for a message of one's own, and for who is in a channel: nothing
# else needs it, so that it is optional. https://docs.slack.dev/reference/methods/conversations.history
LOOKING: Mapping[str, frozenset[str]] = {
    "conversations_history": frozenset({"channels:history", "groups:history"}),
    "conversations_replies": frozenset({"channels:history", "groups:history"}),
    # https://docs.slack.dev/reference/methods/conversations.open
    "conversations_open": frozenset({"im:write"}),
    # https://docs.slack.dev/reference/methods/conversations.members
    "conversations_members": frozenset({"channels:read", "groups:read"}),
}

# https://docs.slack.dev/reference/scopes/commands: the command, and its response_url
FOR_COMMANDS = "commands"


def methods_called() -> set[str]:
    """Return what is called of Slack's client, wherever the bot holds one."""
    known = {name for name in dir(AsyncWebClient) if not name.startswith("_")}
    called: set[str] = set()
    for path in (ROOT / "bot" / "joining.py", *(ROOT / "bot" / "slack").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called.add(node.func.attr)
    # Methods of the Web API are called `family_method`; what else the client has, not.
    return {name for name in called & known if "_" in name}


def test_the_manifest_has_what_is_listened_to_and_nothing_else() -> None:
    data = yaml.safe_load(TREE)
    app = registered("/runs")

    commands = [entry["command"] for entry in data["features"]["slash_commands"]]
    assert commands == app.commands
    told = data["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(told) == sorted(EVENTS[name][0] for name in app.events)
    interactivity = data["settings"]["interactivity"]
    assert interactivity["is_enabled"] is app.is_interactive
    # What is not listened to is not asked for.
    assert set(data["features"]) == {"bot_user", "app_home", "slash_commands"}


def test_the_manifest_asks_for_the_scopes_that_are_used_and_for_no_other() -> None:
    called = methods_called()
    assert called == {*METHODS, *LOOKING}

    used = {FOR_COMMANDS}
    used |= {EVENTS[name][1] for name in registered("/runs").events}
    used |= {scope for name in called if (scope := METHODS.get(name))}
    assert scopes(TREE) == used
    optional = yaml.safe_load(TREE)["oauth_config"]["scopes"]["bot_optional"]
    assert set(optional) == frozenset[str]().union(*LOOKING.values()) - used


def test_buttons_need_an_address_in_http_mode_only() -> None:
    assert yaml.safe_load(TREE)["settings"]["interactivity"] == {"is_enabled": True}
    http = yaml.safe_load(manifest(TREE, url=URL))
    assert http["settings"]["interactivity"]["request_url"] == REQUESTS


def test_menus_that_are_searched_need_an_address_of_their_own_in_http_mode() -> None:
    """By a socket they come like everything else."""
    assert registered("/runs").has_searched_menus
    http = yaml.safe_load(manifest(TREE, url=URL))
    told = http["settings"]["interactivity"]["message_menu_options_url"]
    assert told == REQUESTS
