"""`runbell doctor`: whether all works, and what to do where it does not."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner
from typing_extensions import override

from bot.cli import cli
from bot.demo.clouds.server import LoopbackServer
from bot.demo.slack.faults import HANG
from bot.setup.findings import FINE, TROUBLE, WRONG, Grade, exit_code
from providers.kind import Kind
from providers.model import Identity
from providers.registry import kinds
from tests.bot.setup.conftest import Ward
from tests.fakes.provider import FakeProvider


async def test_where_all_is_well_every_check_says_so(full_ward: Ward) -> None:
    found = await full_ward.examined()

    assert {f.grade for f in found.values()} == {Grade.OK}, found
    assert exit_code(full_ward.told) == FINE
    assert found[str(full_ward.file)].what == "5 connections, no problem"
    assert found["bot token"].what.endswith(", with the 2 scopes it needs")
    assert found["app token"].what == "Socket Mode opens"
    for name in full_ward.connections:
        assert found[name].what.endswith("runs can be read")
    assert found["nsml"].name == "nsml (CLOVA NSML)"


async def test_every_problem_of_the_configuration_is_told_with_its_line(
    ward: Ward,
) -> None:
    ward.file.write_text("comand: /ci\nconnections:\n  x: {kind: nmsl}\n")
    await ward.examined()

    lines = [str(f.line()) for f in ward.told]
    assert "runbell.yml:1: comand: there is no setting" in lines[0]
    assert "→ did you mean command?" in lines[0]
    assert "runbell.yml:3: connections.x.kind: 'nmsl'" in lines[1]
    assert "→ did you mean nsml?" in lines[1]
    assert exit_code(ward.told) == WRONG


async def test_missing_scopes_are_named(ward: Ward) -> None:
    wanted = {"commands", "chat:write", "app_mentions:read", "im:history"}
    token = (await ward.examined(scopes=wanted))["bot token"]

    assert token.grade is Grade.FAILED
    assert token.what.endswith(", without app_mentions:read, im:history")
    assert token.fix is not None
    assert token.fix.startswith("Add the missing scopes")
    assert exit_code(ward.told) == WRONG


@pytest.mark.parametrize(
    ("method", "name", "fix"),
    [
        ("auth.test", "bot token", "Install the app again"),
        ("apps.connections.open", "app token", "scope connections:write"),
    ],
)
async def test_a_token_that_slack_refuses_is_told_with_slacks_word(
    ward: Ward, method: str, name: str, fix: str
) -> None:
    ward.slack.fail_next(method, "token_revoked")
    found = await ward.examined()

    assert found[name].grade is Grade.FAILED
    assert found[name].what == "Slack does not accept it (token_revoked)"
    assert fix in (found[name].fix or "")
    assert [f.grade for f in ward.told].count(Grade.FAILED) == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("ratelimited", "Slack did not answer (ratelimited)"),
        (503, "Slack is in trouble (HTTP 503)"),
    ],
)
async def test_slack_in_trouble_is_no_reason_to_change_tokens(
    ward: Ward, trouble: str | int, said: str
) -> None:
    ward.slack.fail_next("apps.connections.open", trouble)
    token = (await ward.examined())["app token"]
    assert (token.what, token.fix) == (said, "Nothing to do: ask again in a minute.")


async def test_slack_that_cannot_be_reached_is_told_with_the_address(
    ward: Ward,
) -> None:
    ward.write(slack={"api_url": "http://127.0.0.1:9/api/"})
    token = (await ward.examined())["bot token"]
    assert token.what.startswith("Slack cannot be reached at http://127.0.0.1:9/api/")


async def test_an_answer_that_is_not_slacks_is_no_crash(ward: Ward) -> None:
    """A proxy's page with status 200; an answer without scopes and with no time."""
    app = web.Application()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="{<html>", content_type="application/json")

    async def bare(_: web.Request) -> web.Response:
        said = {"ok": True, "user": "bell", "team": "Acme"}
        return web.json_response(said, headers={"Date": "noon"})

    app.router.add_post("/api/apps.connections.open", page)
    app.router.add_post("/api/auth.test", bare)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    ward.only("nsml")
    ward.write(slack={"api_url": url})

    found = await ward.examined()
    await runner.cleanup()

    assert found["app token"].grade is Grade.FAILED
    assert "an odd answer" in found["app token"].what
    assert found["bot token"].grade is Grade.WARNING
    assert found["bot token"].what.startswith("bell in Acme; Slack did not say")
    assert "clock" not in found


async def test_in_http_mode_the_address_that_slack_must_know_is_told(
    ward: Ward,
) -> None:
    ward.environ["SLACK_SIGNING_SECRET"] = "demo-signing-secret"
    found = await ward.examined()

    assert "app token" not in found
    said = found["requests"].what
    assert "https://<your address>/slack/events" in said
    assert "http://127.0.0.1:3000/slack/events" in said


async def test_in_http_mode_an_address_of_ipv6_is_told_in_brackets(
    ward: Ward,
) -> None:
    ward.environ["SLACK_SIGNING_SECRET"] = "demo-signing-secret"
    ward.only("northflank")
    ward.write(http={"host": "::1"})
    said = (await ward.examined())["requests"].what
    assert "http://[::1]:3000/slack/events" in said


async def test_slack_that_was_not_tried_yet_is_a_warning(ward: Ward) -> None:
    """The terminal works without it."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        del ward.environ[name]
    await ward.examined()

    slack = [f for f in ward.told if f.area == "slack"]
    assert [f.grade for f in slack] == [Grade.WARNING, Grade.WARNING]
    assert [f.what.partition(":")[0] for f in slack] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    ]
    assert exit_code(ward.told) == FINE


async def test_slack_that_is_half_set_up_is_a_failure(ward: Ward) -> None:
    del ward.environ["SLACK_APP_TOKEN"]
    await ward.examined()
    assert exit_code(ward.told) == WRONG


async def test_tokens_in_each_others_place_are_told_apart(ward: Ward) -> None:
    ward.environ |= {"SLACK_BOT_TOKEN": "xapp-demo", "SLACK_APP_TOKEN": "xoxb-demo"}
    await ward.examined()
    said = [f.what for f in ward.told if f.area == "slack"]
    assert "this is an app token, not one that begins with xoxb-" in said[0]
    assert "this is a bot token, not one that begins with xapp-" in said[1]


@pytest.mark.parametrize(("hours", "way"), [(2, "ahead of"), (-2, "behind")])
async def test_a_clock_that_is_off_is_told(ward: Ward, hours: int, way: str) -> None:
    ward.only("northflank")
    ward.clock.move(timedelta(hours=hours))
    clock = (await ward.examined())["clock"]
    assert clock.grade is Grade.WARNING
    assert clock.what == f"this machine's clock is 120 min {way} Slack's"


async def test_a_refused_credential_is_told_with_what_to_do_and_the_time(
    full_ward: Ward,
) -> None:
    for kind in full_ward.connections:
        full_ward.clouds[kind].trouble.refused = -1
    found = await full_ward.examined()

    for kind in full_ward.connections:
        assert found[kind].grade is Grade.FAILED
        assert found[kind].what.startswith("the credential cannot be used: ")
        fix = found[kind].fix or ""
        assert "machine's clock says" in fix, fix
        assert f"{full_ward.clock.now():%Y-%m-%d}" in fix
    assert found["bot token"].grade is Grade.OK
    assert exit_code(full_ward.told) == TROUBLE


async def test_one_that_is_down_does_not_touch_the_others(ward: Ward) -> None:
    ward.clouds["nsml"].trouble.down = -1
    found = await ward.examined()
    failed = {name for name, f in found.items() if f.grade is Grade.FAILED}
    assert failed == {"nsml"}
    assert "the provider cannot be reached" in found["nsml"].what


async def test_one_that_hangs_holds_up_nobody_and_is_told_in_time(ward: Ward) -> None:
    gone = asyncio.Event()

    async def hang(_scope: object, _receive: object, _send: object) -> None:
        await gone.wait()

    ward.slack.fail_next("apps.connections.open", HANG)
    async with LoopbackServer(hang) as server:
        ward.connections["northflank"]["base_url"] = server.url
        # Long enough for the others on a busy machine.
        found = await ward.examined(patience=2)
        gone.set()

    assert found["northflank"].what == "no answer within 2 s"
    assert found["app token"].what == "no answer within 2 s"
    assert {f.name.partition(" (")[0] for f in ward.told[-2:]} == {
        "northflank",
        "app token",
    }
    assert [f.grade for f in ward.told].count(Grade.FAILED) == 2


async def test_a_mistake_in_a_plug_in_stops_no_other_check(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(FakeProvider):
        @override
        async def check(self) -> Identity:
            raise KeyError("the-secret")

    known = dict(kinds())
    known["nsml"] = Kind(
        provider=Broken,
        settings=known["nsml"].settings,
        connect=lambda name, *_: Broken(name, {}),
    )
    for module in ("bot.setup.doctor", "bot.app"):
        monkeypatch.setattr(f"{module}.kinds", lambda: known)
    ward.only("nsml", "northflank")
    found = await ward.examined()

    assert found["nsml"].what == "the check itself failed (KeyError)"
    assert found["northflank"].grade is Grade.OK


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RUNBELL_CONFIG", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)


NOWHERE = """\
connections:
  shop: {kind: northflank, token: "${SHOP_TOKEN}", allow_http: true,
         base_url: "http://127.0.0.1:9"}
"""


@pytest.mark.usefixtures("_quiet")
def test_in_a_terminal_there_is_a_line_for_each_with_mark_and_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "fake-token")
    Path("runbell.yml").write_text(NOWHERE)
    result = CliRunner().invoke(cli, ["doctor"])

    assert result.exit_code == TROUBLE
    first, *_, last = result.stdout.splitlines()
    assert first == "✓ ok       runbell.yml: 1 connection, no problem"
    assert "⚠ warning  environment: SLACK_BOT_TOKEN" in result.stdout
    assert "✗ failed   shop (Northflank): the credential cannot be" in result.stdout
    assert last == "1 ok, 2 warning, 1 failed"


@pytest.mark.usefixtures("_quiet")
def test_json_is_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "fake-token")
    Path("runbell.yml").write_text(NOWHERE)
    result = CliRunner().invoke(cli, ["doctor", "--json"])

    assert result.exit_code == TROUBLE
    report = json.loads(result.stdout)
    assert report["exit_code"] == TROUBLE
    assert report["findings"][0] == {
        "area": "configuration",
        "name": "runbell.yml",
        "grade": "ok",
        "what": "1 connection, no problem",
        "fix": None,
    }
    assert {f["grade"] for f in report["findings"]} == {"ok", "warning", "failed"}


@pytest.mark.usefixtures("_quiet")
def test_without_a_configuration_it_says_how_to_begin() -> None:
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == WRONG
    assert "there is no such file" in result.stdout


@pytest.mark.usefixtures("_quiet")
def test_it_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.setup.doctor.load", interrupt)
    assert CliRunner().invoke(cli, ["doctor"]).exit_code == 130
