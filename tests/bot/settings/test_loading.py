"""The whole way: a text and an environment become settings, or all their problems."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings import Problem, SettingsError
from providers.errors import ProviderError
from providers.nsml.settings import NsmlSettings
from tests.bot.settings.reading import CANARY, SHOP, Reader


def test_the_smallest_configuration_has_all_the_defaults(reader: Reader) -> None:
    settings = reader.load(SHOP)
    assert settings.command == "/runs"
    assert settings.timezone == "UTC"
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 3000)
    assert settings.cache.latest == timedelta(seconds=5)
    assert settings.cache.stale == timedelta(hours=1)
    assert settings.groups == {}
    assert settings.aliases == {}
    assert isinstance(settings.connections["shop"], NsmlSettings)


def test_sections_whose_entries_are_all_commented_out_are_not_written(
    reader: Reader,
) -> None:
    text = f"command:\nslack:\nhttp:\ncache:\ngroups:\naliases:\n{SHOP}"
    assert reader.load(text) == reader.load(SHOP)


def test_ages_are_written_in_seconds_and_nought_switches_off(reader: Reader) -> None:
    cache = reader.load(f"cache: {{latest: 0, runs: 2.5, stale: '60'}}\n{SHOP}").cache
    assert cache.latest == timedelta(0)
    assert cache.runs == timedelta(seconds=2.5)
    assert cache.stale == timedelta(minutes=1)


def test_nothing_of_the_settings_can_be_changed(reader: Reader) -> None:
    settings: Any = reader.load(f"groups: {{pay: [shop]}}\n{SHOP}")
    with pytest.raises(ValidationError):
        settings.command = "/other"
    with pytest.raises(ValidationError):
        settings.http.port = 1
    with pytest.raises(TypeError):
        settings.connections["other"] = settings.connections["shop"]
    assert settings.groups["pay"] == ("shop",)


def test_no_secret_is_shown_but_each_can_be_masked(reader: Reader) -> None:
    settings = reader.load(SHOP)
    assert CANARY not in f"{settings!r} {settings} {settings.slack}"
    assert {f"xoxb-{CANARY}", f"xapp-{CANARY}", f"{CANARY}-key"} == set(
        settings.secrets()
    )


MANY = """\
command: runs
tmezone: UTC
http:
  port: 99999
  hots: x
connections:
  shop:
    kind: nsml
    access_key: ${NCP_KEY}
    secret_key: hunter2
    page_size: lots
  bell:
    kind: nslm
groups:
  status: [shop]
"""

TOLD = """\
runbell.yml:1: command: 'runs' is no slash command that Slack accepts; write / and
runbell.yml:2: tmezone: there is no setting 'tmezone' here; did you mean timezone?
runbell.yml:4: http.port: '99999' cannot be used here; write 65535 or less
runbell.yml:5: http.hots: there is no setting 'hots' here; did you mean host?
runbell.yml:7: connections.shop.api_key: is missing; write `api_key: ${SHOP_API_KEY}`
runbell.yml:9: connections.shop.access_key: NCP_KEY is not set in the environment
runbell.yml:10: connections.shop.secret_key: a secret stands here in clear text; write
runbell.yml:11: connections.shop.page_size: 'lots' is not a whole number; write one
runbell.yml:13: connections.bell.kind: 'nslm' is no kind of provider; did you mean
runbell.yml:15: groups.status: status is a verb of the command; write another word
"""


DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_page_for_operators_shows_problems_as_they_are(reader: Reader) -> None:
    shown = DOCS.read_text("utf-8").split("```\n")[-2].splitlines()
    told = reader.problems(MANY, {}, for_slack=True)
    assert len(shown) > 5
    assert set(shown) <= set(told)


def test_every_problem_is_told_at_once_in_the_order_of_the_file(
    reader: Reader,
) -> None:
    problems = reader.problems(MANY)
    for problem, beginning in zip(problems, TOLD.splitlines(), strict=True):
        assert problem.startswith(beginning)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("command: /Runs", "command: '/Runs' is no slash command that Slack accepts"),
        ("command: /run it", "command: '/run it' is no slash command that Slack"),
        ("command: /", "command: '/' is no slash command that Slack accepts"),
        (f"command: /{'r' * 32}", "command: '/rrrr"),
        ("command: 7", "command: '7' is no text; write it in quotes: \"7\""),
        ("command: [a]", "command: a list or section is no text; write a text"),
        ("http: {port: }", "http.port: there is nothing after the colon; write a"),
        ("command: ''", "command: '' is no slash command that Slack accepts"),
        ("timezone: Asia/Soul", "timezone: no such time zone: 'Asia/Soul'; write one"),
        ("http: {port: -1}", "http.port: '-1' cannot be used here; write 0 or more"),
        ("http: {port: 1.5}", "http.port: '1.5' is not a whole number; write one such"),
        ("http: {host: ''}", "http.host: the text is empty; write a value or delete"),
        ("http: 3000", "http: '3000' is not a section; write `name: value` on lines"),
        ("cache: {run: -1}", "cache.run: this is no number of seconds from 0 to 86400"),
        ("cache: {run: true}", "cache.run: this is no number of seconds from 0 to"),
        ("cache: {run: .nan}", "cache.run: this is no number of seconds from 0 to"),
        ("cache: {run: soon}", "cache.run: this is no number of seconds from 0 to"),
        ("cache: {run: [1]}", "cache.run: this is no number of seconds from 0 to"),
        (
            "cache: {}\nzebra: 1",
            "zebra: there is no setting 'zebra' here; write one of",
        ),
        ("slack: 5", "slack: this is no section; write `name: value` on lines"),
        (
            "slack: {allow_http: maybe}",
            "slack.allow_http: 'maybe' is not true or false",
        ),
        ("groups: [a]", "groups: a list or section is not a section; write `name:"),
        ("groups: {pay: shop}", "groups.pay: 'shop' is not a list; write [first, sec"),
        ("groups: {pay: [5]}", "groups.pay[0]: '5' is no text; write it in quotes: "),
        (f"aliases: {{a: {'x' * 501}}}", "aliases.a: 'xxxx"),
    ],
)
def test_each_wrong_value_is_one_problem_in_plain_words(
    reader: Reader, lines: str, told: str
) -> None:
    (problem,) = reader.problems(f"{lines}\n{SHOP}")
    line = lines.count("\n") + 1
    assert problem.startswith(f"runbell.yml:{line}: {told}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("timeout: 0", "timeout: '0' cannot be used here; write more than 0"),
        ("timeout: 121", "timeout: '121' cannot be used here; write 120 or less"),
        ("timeout: soon", "timeout: 'soon' is not a number; write one such as 20"),
        ("timezone: 5", "timezone: '5' is no text; write it in quotes: \"5\""),
        ("base_url: ftp://x", "base_url: not an address; write one like https://api."),
        ("base_url: http://x.example", "base_url: base_url must begin with https://"),
        ("base-url: https://x", "base-url: there is no setting 'base-url' here; did "),
        ("allow_http: 2", "allow_http: '2' is not true or false; write one of them"),
    ],
)
def test_what_a_kind_says_of_its_settings_has_the_line_of_the_setting(
    reader: Reader, line: str, told: str
) -> None:
    (problem,) = reader.problems(f"{SHOP}    {line}\n")
    assert problem.startswith(f"runbell.yml:8: connections.shop.{told}")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("command: /x", None, "connections: there is no connection to ask; write one"),
        ("connections:", 1, "connections: there is no connection to ask; write one"),
        ("connections: {}", 1, "connections: there is no connection to ask; write one"),
        ("connections: shop", 1, "connections: this is no section; write `name:"),
        ("connections: [shop]", 1, "connections: this is no section; write `name: va"),
        ("connections: {a: 5}", 1, "connections.a: this is no section; write `name:"),
        ("connections: {a: }", 1, "connections.a.kind: is missing; add `kind: …` with"),
        ("connections: {a: {kind: [x]}}", 1, "connections.a.kind: '…' is no kind of "),
        ("connections: {a: {kind: '${NO}'}}", 1, "connections.a.kind: NO is not set"),
    ],
)
def test_without_a_connection_of_a_known_kind_there_is_nothing_to_ask(
    reader: Reader, text: str, line: int | None, told: str
) -> None:
    (problem,) = reader.problems(text)
    where = f"runbell.yml:{line}" if line else "runbell.yml"
    assert problem.startswith(f"{where}: {told}")


def test_a_complaint_about_a_connection_as_a_whole_has_its_first_line(
    reader: Reader,
) -> None:
    (problem,) = reader.problems(
        """
        connections:
          flow:
            kind: yunxiao
            organization: "1"
        """
    )
    assert problem.startswith("runbell.yml:3: connections.flow: a connection with api")


@pytest.mark.parametrize("written", ["hunter2", "12345", "true", "$${KEY}"])
def test_a_secret_in_clear_text_is_a_problem_and_is_not_shown(
    reader: Reader, written: str
) -> None:
    (problem,) = reader.problems(SHOP.replace("${KEY}", written, 1))
    assert "access_key: a secret stands here in clear text" in problem
    assert written not in problem


def test_a_secret_in_clear_text_is_not_shown_by_another_problem_either(
    reader: Reader,
) -> None:
    problems = reader.problems(
        f"timezone: {CANARY}\n" + SHOP.replace("${KEY}", CANARY, 1)
    )
    assert problems[0].startswith("runbell.yml:1: timezone: no such time zone: '•••'")


@pytest.mark.parametrize("written", ["{a: b}", "[a, b]"])
def test_a_secret_that_is_no_text_is_one_problem(reader: Reader, written: str) -> None:
    (problem,) = reader.problems(SHOP.replace("${KEY}", written, 1))
    assert "connections.shop.access_key: a secret stands here in clear text" in problem


def test_a_secret_that_is_left_empty_says_what_to_write(reader: Reader) -> None:
    for written in ("", "null", "''", "[]"):
        (problem,) = reader.problems(SHOP.replace("${KEY}", written, 1))
        assert problem.endswith("this cannot be the secret; write ${SHOP_ACCESS_KEY}")


def test_a_connection_in_another_script_gets_a_variable_all_the_same(
    reader: Reader,
) -> None:
    text = SHOP.replace("shop:", "1-st:").replace("${KEY}", "x", 1)
    (problem,) = reader.problems(text)
    assert "write ${A_SECRET} and export A_SECRET, or use file:" in problem


def test_names_and_values_are_cut_and_quoted(reader: Reader) -> None:
    problems = reader.problems(f'? "{"n" * 99}"\n: 1\n"a\\nb \\u202e": 2\n{SHOP}')
    assert "…" in problems[0]
    assert "'a\\nb \\u202e'" in problems[1]


def test_the_error_is_none_of_the_providers_and_lists_its_problems() -> None:
    problem = Problem("runbell.yml", 3, "http.port", "is odd", "write 3000")
    bare = Problem("runbell.yml", None, "", "is odd", "")
    error = SettingsError([problem, bare])
    assert not isinstance(error, ProviderError)
    assert error.problems == (problem, bare)
    assert str(error) == (
        "runbell.yml:3: http.port: is odd; write 3000\nrunbell.yml: is odd"
    )
