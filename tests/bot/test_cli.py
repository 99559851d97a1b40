"""The command line: the same questions and the same answers, in a terminal."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import VERSION
from bot.answers import (
    Answer,
    Entry,
    Health,
    Help,
    Log,
    Mutes,
    Offer,
    Part,
    Pending,
    Problem,
    Pulse,
    Row,
    RunList,
    Show,
    Status,
    Trouble,
    Watches,
    Wrote,
)
from bot.cli import QUESTIONS, cli
from bot.cli_answers import exit_code, for_a_shell
from bot.clock import SystemClock
from bot.commands.grammar import Verb, verb_of
from bot.demo.clouds.nsml import BASE, NsmlCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.scenery import worlds
from bot.setup.findings import FINE, TROUBLE, WRONG
from providers.model import LogTail, Pipeline, PipelineRef, State
from tests.fakes.provider import make_run

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
CONFIG = """
connections:
  ml:
    kind: nsml
    access_key: ${NSML_ACCESS_KEY}
    secret_key: ${NSML_SECRET_KEY}
    api_key: ${NSML_API_KEY}
    base_url: %s
    allow_http: true
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSML_ACCESS_KEY", "ncp-demo-access-key")
    monkeypatch.setenv("NSML_SECRET_KEY", "ncp-demo-secret-key")
    monkeypatch.setenv("NSML_API_KEY", "ncp-demo-api-key")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A simulated cloud in a thread of its own, as the command has its own loop."""
    urls: list[str] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        cloud = NsmlCloud(worlds(SystemClock())["nsml"])
        async with LoopbackServer(cloud.app()) as server:
            urls.append(server.url)
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    yield f"{urls[0]}{BASE}"
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


@pytest.fixture
def config(tmp_path: Path, address: str) -> str:
    file = tmp_path / "runbell.yml"
    file.write_text(CONFIG % address, encoding="utf-8")
    return str(file)


def test_status_in_a_terminal(config: str) -> None:
    result = CliRunner().invoke(cli, ["status", "-c", config])

    assert result.exit_code == 0, result.output
    assert "ml  CLOVA NSML" in result.output
    assert re.search(r"(completed|running)  recommender #1[23] ", result.output)


def test_list_in_a_terminal_takes_targets_of_several_words(config: str) -> None:
    result = CliRunner().invoke(cli, ["list", "ml:speech ko", "-c", config])

    assert result.exit_code == WRONG
    assert "No pipeline fits “ml:speech ko”" in result.output
    result = CliRunner().invoke(cli, ["list", "speech-ko", "-c", config])
    assert "10 runs, newest first" in result.output


def test_json_is_for_programs(config: str) -> None:
    result = CliRunner().invoke(cli, ["list", "speech-ko", "--json", "-c", config])

    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["answer"] == "runlist"
    assert answer["entries"][0]["run"]["ref"].startswith("ml:2x6ijrgeyq6s3ojy9ur#")


def test_trouble_is_in_the_exit_code_and_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "runbell.yml"
    file.write_text(CONFIG % "http://127.0.0.1:9", encoding="utf-8")

    result = CliRunner().invoke(cli, ["status", "-c", str(file)])

    assert result.exit_code == TROUBLE
    assert "the provider cannot be reached" in result.output


def test_every_problem_of_the_configuration_is_told_with_its_line(
    tmp_path: Path,
) -> None:
    file = tmp_path / "runbell.yml"
    file.write_text("comand: /runs\nconnections:\n  x: {kind: nmsl}\n")

    result = CliRunner().invoke(cli, ["status", "-c", str(file)])

    assert result.exit_code == WRONG
    assert "runbell.yml:1" in result.output
    assert "command" in result.output
    assert "runbell.yml:3" in result.output
    assert "nsml" in result.output


def test_an_option_there_is_not_is_no_target_and_a_not_filter_is_no_option(
    config: str,
) -> None:
    wrong = CliRunner().invoke(cli, ["status", "--jsno", "-c", config])
    right = CliRunner().invoke(cli, ["status", "-name:speech*", "-c", config])
    typed = CliRunner().invoke(cli, ["list", "-c", config, "-branch:vic", "ml"])

    assert wrong.exit_code == WRONG
    assert "--jsno" in wrong.output
    assert right.exit_code == 0, right.output
    assert "speech-ko" not in right.output
    assert "-branch:vic" in typed.output


def test_serve_says_which_tokens_it_needs(config: str) -> None:
    result = CliRunner().invoke(cli, ["serve", "-c", config])

    assert result.exit_code == WRONG
    assert "SLACK_BOT_TOKEN" in result.output
    assert "SLACK_APP_TOKEN" in result.output


def test_advice_is_what_one_types_in_a_terminal(config: str) -> None:
    result = CliRunner().invoke(cli, ["show", "spech-ko", "12", "-c", config])
    unclear = CliRunner().invoke(cli, ["list", "is:rde", "-c", config])

    assert result.exit_code == unclear.exit_code == WRONG
    advice = re.findall(r"• (runbell show \S+ \S+)", result.output)
    assert advice[0] == "runbell show ml:2x6ijrgeyq6s3ojy9ur '#12'"
    assert "/runs" not in result.output
    assert "• runbell list state:red\n" in unclear.output
    assert "runbell help shows what I can do." in unclear.output
    # And it does what it says.
    words = shlex.split(advice[0])[1:]
    followed = CliRunner().invoke(cli, [*words, "-c", config])
    assert followed.exit_code == FINE, followed.output
    assert "speech-ko #12" in followed.output


def test_what_a_shell_would_change_is_in_its_quotes_or_is_not_offered() -> None:
    commands = {
        'show "ml:speech ko" #12': "show 'ml:speech ko' '#12'",
        "list release-* is:red": "list 'release-*' is:red",
        "status -branch:main": "status -branch:main",
        "help": "help",
        # Without the grammar's own quotes it would be about run 7 of another pipeline.
        'show "build #7"': None,
        # The bare command asks for what needs attention; in a shell it asks nothing.
        "": None,
        "is:red": None,
    }
    for typed, expected in commands.items():
        offers = for_a_shell([Offer(label=typed, command=typed)])
        found = [(offer.label, offer.command) for offer in offers]
        assert found == ([(expected, expected)] if expected else [])
    named = Offer(label="Its runs", command="list a*")
    assert [*for_a_shell([named])] == [Offer(label="Its runs", command="list 'a*'")]


def test_what_is_piped_is_neither_wrapped_nor_coloured(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    target = "-".join(["long"] * 50)

    result = CliRunner().invoke(cli, ["status", target, "-c", config])

    assert f"No pipeline fits “{target}”." in result.output.splitlines()
    assert "\x1b" not in result.output


def test_the_version_is_the_one_of_the_package() -> None:
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]

    result = CliRunner().invoke(cli, ["--version"])

    assert result.exit_code == 0
    assert result.output == f"runbell {project['version']}\n"
    assert project["version"] == VERSION


REF = PipelineRef("ci", "release")
PIPELINE = Pipeline(ref=REF, name="release")
RED = make_run(REF, 12, State.FAILED)
DOWN = Trouble(what="down", detail="HTTP 503", advice="Wait.")
WELL = Part(connection="ci", title="CI", rows=(Row(pipeline=PIPELINE, run=RED),))
UNREAD_ROW = Row(pipeline=PIPELINE, trouble=DOWN)
TROUBLED = {
    "connection": Part(connection="ci", title="CI", trouble=DOWN),
    "pipeline": Part(connection="ci", title="CI", rows=(UNREAD_ROW,)),
    "entry": Part(connection="ci", title="CI", left_out=1),
}
ENTRIES = (Entry(pipeline=PIPELINE, run=RED),)
PULSE = Pulse(connection="ci", title="CI")
LISTED = RunList(asked=None, entries=ENTRIES, pipelines=1)
ANSWERED: list[Answer] = [
    Status(asked=None, parts=(WELL,)),
    LISTED,
    Show(pipeline=PIPELINE, run=RED),
    Log(pipeline=PIPELINE, run=RED, task="test", tail=LogTail(text="boom")),
    Health(pulses=(PULSE,)),
    Help(command="runbell", connections=("ci",), groups=(), aliases=()),
    Wrote(sentence="You watch release."),
    Watches(scope="here", rows=(), count=0),
    Mutes(rows=()),
]
INCOMPLETE: list[Answer] = [
    *(Status(asked=None, parts=(WELL, part)) for part in TROUBLED.values()),
    *(replace(LISTED, parts=(part,)) for part in TROUBLED.values()),
    replace(LISTED, unread=(UNREAD_ROW,)),
    replace(LISTED, left_out=2),
    Show(pipeline=PIPELINE, run=RED, trouble=DOWN),
    Health(pulses=(PULSE, replace(PULSE, trouble=DOWN))),
    Problem(what="No pipeline fits.", parts=(TROUBLED["connection"],)),
    Wrote(sentence="You watch release.", parts=(TROUBLED["connection"],)),
    Pending(connections=("ci",)),
]
WRONGLY_PUT = Problem(what="No pipeline fits.")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        *((answer, FINE) for answer in ANSWERED),
        *((answer, TROUBLE) for answer in INCOMPLETE),
        (WRONGLY_PUT, WRONG),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else None,
)
def test_the_exit_code_says_whether_all_could_be_read(
    answer: Answer, code: int
) -> None:
    assert exit_code(answer) == code


@pytest.mark.parametrize("word", ["watch", "subscribe", "why", "mute"])
def test_what_is_asked_in_slack_alone_is_explained_here_too(word: str) -> None:
    helped = CliRunner().invoke(cli, ["help", word])

    assert helped.exit_code == 0
    assert helped.output.startswith(f"Help: {verb_of(word)}\n\n/runs ")
    assert helped.output.count("For example /runs ") == 2


@pytest.mark.parametrize("verb", QUESTIONS)
def test_each_question_explains_itself(verb: str) -> None:
    asked = CliRunner().invoke(cli, [verb, "--help"])
    helped = CliRunner().invoke(cli, ["help", verb])

    assert asked.exit_code == helped.exit_code == 0
    assert asked.output == helped.output
    said = " ".join(re.sub("[│\\s]+", " ", asked.output).split())
    assert QUESTIONS[Verb(verb)] in said
    for word in ("--json", "-actor:kim", "Exit codes: 0 it was answered"):
        assert word in said


def test_help_is_that_of_the_terminal_and_knows_no_word_it_has_not() -> None:
    whole = CliRunner().invoke(cli, ["help"])

    assert whole.output == CliRunner().invoke(cli, ["--help"]).output
    assert CliRunner().invoke(cli, ["help", "dance"]).exit_code == WRONG


def test_without_a_word_it_shows_how_it_is_used() -> None:
    result = CliRunner().invoke(cli, [])

    for command in ("serve", "demo", "status", "list"):
        assert command in result.output
