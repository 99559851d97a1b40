"""The Slack part is checked apart, since the terminal needs none of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.settings import Mode, SettingsError, SlackSettings
from tests.bot.settings.reading import CANARY, ENVIRON, SHOP, Reader

KEY = {"KEY": ENVIRON["KEY"]}
BOT = {**KEY, "SLACK_BOT_TOKEN": f"xoxb-{CANARY}"}
APP = {**BOT, "SLACK_APP_TOKEN": f"xapp-{CANARY}"}
SIGNED = {**BOT, "SLACK_SIGNING_SECRET": CANARY}


def test_without_any_token_the_terminal_works(reader: Reader) -> None:
    settings = reader.load(SHOP, KEY)
    assert settings.slack.mode is None
    with pytest.raises(SettingsError):
        settings.require_slack()


@pytest.mark.parametrize(
    ("environ", "mode"),
    [(APP, "socket"), (SIGNED, "http"), (APP | SIGNED, "http")],
)
def test_a_signing_secret_switches_to_http_mode(
    reader: Reader, environ: dict[str, str], mode: str
) -> None:
    settings = reader.load(SHOP, environ, for_slack=True)
    assert settings.slack.mode == Mode(mode)
    settings.require_slack()


def test_the_file_goes_before_the_environment(reader: Reader) -> None:
    text = f"slack:\n  bot_token: ${{OTHER}}\n  app_token:\n{SHOP}"
    slack = reader.load(text, {**APP, "OTHER": " xoxb-other\n"}).slack
    assert slack.bot_token is not None
    assert slack.bot_token.get_secret_value() == "xoxb-other"
    assert slack.mode is Mode.SOCKET


def test_an_empty_variable_is_none(reader: Reader) -> None:
    settings = reader.load(SHOP, {**APP, "SLACK_SIGNING_SECRET": ""})
    assert settings.slack.mode is Mode.SOCKET


def test_the_environment_is_the_one_handed_in(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-the-process")
    assert reader.load(SHOP, KEY).slack.bot_token is None


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            KEY,
            [
                "environment: SLACK_BOT_TOKEN: there is no bot token; export",
                "environment: SLACK_APP_TOKEN: there is neither an app token",
            ],
        ),
        (
            {**APP, "SLACK_BOT_TOKEN": f"xoxp-{CANARY}"},
            ["environment: SLACK_BOT_TOKEN: this is a user token, not one that"],
        ),
        (
            {**APP, "SLACK_BOT_TOKEN": CANARY},
            ["environment: SLACK_BOT_TOKEN: this is another token, not one"],
        ),
        (
            {**APP, "SLACK_APP_TOKEN": f"xoxb-{CANARY}"},
            ["environment: SLACK_APP_TOKEN: this is a bot token, not one that"],
        ),
        (
            {**BOT, "SLACK_SIGNING_SECRET": f"xapp-{CANARY}"},
            ["environment: SLACK_SIGNING_SECRET: this is an app token, not"],
        ),
    ],
)
def test_what_keeps_us_from_slack_says_where_to_get_what_is_needed(
    reader: Reader, environ: dict[str, str], told: list[str]
) -> None:
    problems = reader.problems(SHOP, environ, for_slack=True)
    assert len(problems) == len(told)
    for problem, beginning in zip(problems, told, strict=True):
        assert problem.startswith(beginning)
        assert "from the app's page at api.slack.com/apps" in problem
    settings = reader.load(SHOP, environ)
    with pytest.raises(SettingsError) as caught:
        settings.require_slack()
    assert str(caught.value).splitlines() == problems


def test_a_token_of_the_file_is_told_with_its_line(reader: Reader) -> None:
    text = f"slack:\n  bot_token: ${{KEY}}\n{SHOP}"
    (problem,) = reader.problems(text, APP, for_slack=True)
    assert problem.startswith("runbell.yml:2: slack.bot_token: this is another token")


@pytest.mark.parametrize("name", ["bot_token", "app_token", "signing_secret"])
def test_a_missing_variable_of_slack_does_not_stop_the_terminal(
    reader: Reader, name: str
) -> None:
    environ = {
        key: value for key, value in APP.items() if key != f"SLACK_{name.upper()}"
    }
    text = f"slack:\n  {name}: ${{NOPE}}\n{SHOP}"
    assert reader.load(text, environ).connections
    (problem,) = reader.problems(text, environ, for_slack=True)
    assert problem == (
        f"runbell.yml:2: slack.{name}: NOPE is not set in the environment; "
        "export NOPE=… before starting Runbell"
    )


def test_a_token_in_clear_text_is_a_problem_for_the_terminal_too(
    reader: Reader,
) -> None:
    (problem,) = reader.problems(f"slack:\n  app_token: xapp-{CANARY}\n{SHOP}")
    assert problem == (
        "runbell.yml:2: slack.app_token: a secret stands here in clear text; write "
        "${SLACK_APP_TOKEN} and export SLACK_APP_TOKEN, or use file:"
    )


def test_slack_and_all_else_are_told_at_once(reader: Reader) -> None:
    problems = reader.problems(f"nope: 1\n{SHOP}", KEY, for_slack=True)
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://slack.example/api", "https://slack.example/api/"),
        ("https://slack.example/api/", "https://slack.example/api/"),
        ("http://127.0.0.1:8300/api/", "http://127.0.0.1:8300/api/"),
        ("http://localhost:8300/api", "http://localhost:8300/api/"),
    ],
)
def test_the_address_of_the_api_ends_with_a_slash(
    reader: Reader, written: str, url: str
) -> None:
    settings = reader.load(f"slack: {{api_url: '{written}'}}\n{SHOP}")
    assert settings.slack.api_url == url


def test_tokens_go_without_tls_to_this_machine_only(reader: Reader) -> None:
    line = "slack: {api_url: 'http://slack.internal/api'%s}\n"
    (problem,) = reader.problems(line % "" + SHOP)
    assert "slack.api_url: api_url sends the tokens in clear text" in problem
    assert reader.load(line % ", allow_http: true" + SHOP).slack.api_url


def test_settings_made_by_hand_are_checked_alike() -> None:
    slack = SlackSettings.model_validate({"bot_token": "xoxb-1", "app_token": "xapp-1"})
    assert slack.problems() == ()
    assert len(SlackSettings().problems()) == 2
    with pytest.raises(ValidationError):
        SlackSettings.model_validate({"api_url": "http://slack.internal"})
