"""`runbell init`: a few questions, and a configuration that loads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli
from bot.settings import Settings, load
from bot.setup.init import variables
from bot.setup.ways import ONLY, WAYS
from providers.kind import Kind
from providers.nsml.api import NsmlProvider
from providers.registry import kinds
from providers.settings import ConnectionSettings

ANSWERS: Mapping[str, str] = {
    "region": "cn-north-4",
    "project_id": "0123456789abcdef0123456789abcdef",
    "username": "runbell",
    "domain_name": "my-account",
    "organization": "5ebbc0228123212b59xxxxx",
    "base_url": "https://yunxiao.example.com",
}
"""What one would type for each setting that is no secret."""

WAYS_OF_ALL = [(kind, way.name) for kind in kinds() for way in WAYS.get(kind, ONLY)]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBELL_CONFIG", raising=False)


def init(*lines: str, options: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(cli, ["init", *options], input="\n".join((*lines, "")))


def loaded(file: str = "runbell.yml") -> Settings:
    text = Path(file).read_text("utf-8")
    environ = dict.fromkeys(variables(text), "fake-value")
    return load(Path(file), environ, kinds())


def typed(kind: str, way: str) -> list[str]:
    """Return the lines that one types for a connection, after its name."""
    ways = {each.name: each for each in WAYS.get(kind, ONLY)}
    model = kinds()[kind].settings
    asked = [
        name
        for name, field in model.model_fields.items()
        if (name in ways[way].needed or field.is_required()) and name in ANSWERS
    ]
    return [*([way] if len(ways) > 1 else []), *(ANSWERS[name] for name in asked)]


@pytest.mark.parametrize(("kind", "way"), WAYS_OF_ALL)
def test_what_it_writes_loads_for_every_kind_and_every_credential(
    kind: str, way: str
) -> None:
    result = init(kind, "shop", *typed(kind, way), "Asia/Seoul", "/ci")

    assert result.exit_code == 0, result.output
    settings = loaded()
    assert settings.timezone == "Asia/Seoul"
    assert settings.command == "/ci"
    connection = settings.connections["shop"]
    assert connection.kind == kind
    assert set(connection.secrets()) == {"fake-value"}
    for name in connection.model_fields_set & set(ANSWERS):
        assert getattr(connection, name) == ANSWERS[name]
    assert "Still to be completed" not in result.output


@pytest.mark.parametrize("kind", kinds())
def test_each_setting_it_writes_is_explained(kind: str) -> None:
    init(kind, "shop", *typed(kind, WAYS.get(kind, ONLY)[0].name))
    lines = Path("runbell.yml").read_text("utf-8").splitlines()
    settings = [n for n, line in enumerate(lines) if line.startswith("    ")]
    for number in settings:
        if not lines[number].strip().startswith(("#", "kind:")):
            assert lines[number - 1].strip().startswith("# "), lines[number]


def test_it_never_asks_for_a_secret_and_says_which_variables_to_set() -> None:
    result = init("nsml", "")

    prompts = result.stdout.split("export")[0]
    assert "access_key:" not in prompts
    for name in ("NSML_ACCESS_KEY", "NSML_SECRET_KEY", "NSML_API_KEY"):
        assert f"export {name}=…" in result.stdout
    assert "export SLACK_BOT_TOKEN=…" in result.stdout
    assert "access_key: ${NSML_ACCESS_KEY}" in Path("runbell.yml").read_text()


def test_all_providers_at_once_by_number() -> None:
    numbers = ", ".join(str(n) for n in range(1, len(kinds()) + 1))
    lines = [
        line
        for kind in kinds()
        for line in ("", *typed(kind, WAYS.get(kind, ONLY)[0].name))
    ]
    assert init(numbers, *lines).exit_code == 0
    assert set(loaded().connections) == set(kinds())


def test_two_connections_of_a_kind_have_names_and_variables_of_their_own() -> None:
    result = init("northflank northflank northflank", "", "northflank", "1st", "")
    assert "northflank is taken already" in result.output
    text = Path("runbell.yml").read_text()
    assert set(loaded().connections) == {"northflank", "1st", "northflank-2"}
    assert set(variables(text)) == {
        "NORTHFLANK_TOKEN",
        "C_1ST_TOKEN",
        "NORTHFLANK_2_TOKEN",
    }


def test_answers_that_are_missing_at_the_end_are_the_defaults() -> None:
    assert init("nsml").exit_code == 0
    settings = loaded()
    assert (settings.command, settings.timezone) == ("/runs", "UTC")
    assert set(settings.connections) == {"nsml"}


def test_without_an_answer_that_is_needed_nothing_is_written() -> None:
    result = init("codearts-check", "", "keys", "cn-north-4")
    assert result.exit_code == 1
    assert "ended before “project_id”" in result.output
    assert not Path("runbell.yml").exists()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["", "nslm", "nsml"], "nslm: write nsml, yunxiao"),
        (["0", "9", "nsml"], "9: write nsml"),
        (["nsml", "My Shop", "shop"], "'My Shop' cannot name a connection"),
        (["nsml", "file", "shop"], "`file:` has its own meaning"),
        (["yunxiao", "", "password", "token", "org"], "password: write token, region"),
        (
            ["codearts-check", "", "keys", "Moscow", "cn-north-4", "x", "1" * 32],
            "'Moscow' cannot be used here; write a text of the form",
        ),
        (
            ["yunxiao", "", "region", "http://y.example", "https://y.example"],
            "base_url must begin with https://",
        ),
        (["nsml", "", "Mars", "UTC"], "no such time zone: 'Mars'"),
        (["nsml", "", "", "Runs", "/ci"], "'Runs' is no slash command"),
    ],
)
def test_a_wrong_answer_is_explained_and_asked_for_again(
    lines: list[str], said: str
) -> None:
    result = init(*lines)
    assert result.exit_code == 0, result.output
    assert said in result.output
    loaded()


def test_an_answer_may_refer_to_a_variable() -> None:
    result = init("codearts-check", "", "keys", "cn-north-4", "${PROJECT}")
    assert result.exit_code == 0
    assert "export PROJECT=…" in result.output
    assert "Still to be completed" not in result.output


def test_a_file_that_is_there_is_only_replaced_by_force() -> None:
    Path("runbell.yml").write_text("precious")

    result = init("nsml", "")
    assert result.exit_code == 1
    assert "runbell.yml is there already; --force replaces it" in result.output
    assert "Which providers" not in result.output
    assert Path("runbell.yml").read_text() == "precious"

    assert init("nsml", "", options=("--force",)).exit_code == 0
    assert set(loaded().connections) == {"nsml"}


def test_a_place_that_cannot_be_written_is_told() -> None:
    result = init("nsml", "", options=("-c", "no/such/folder/runbell.yml"))
    assert result.exit_code == 1
    assert "cannot be written (No such file or directory)" in result.output


def test_a_provider_is_needed() -> None:
    result = init(",", "nsml")
    assert result.exit_code == 0
    assert "  write nsml, yunxiao" in result.output


def test_it_can_be_left_at_any_question(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    result = CliRunner().invoke(cli, ["init"])
    assert result.exit_code == 1
    assert "Nothing was written" in result.output


def test_what_a_plug_in_wants_besides_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of somebody else's has no row in our table of alternatives."""
    monkeypatch.setattr("bot.setup.init.WAYS", {})
    result = init("yunxiao", "shop")
    assert result.exit_code == 0
    assert "Still to be completed by hand:" in result.output
    assert ": connections.shop: a connection with" in result.output
    assert "needs token, organization" in result.output


def test_without_the_source_the_settings_own_names_must_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, object] = {"__annotations__": {"place": str}, "__module__": "odd"}
    model = type("Made", (ConnectionSettings,), made)
    odd = Kind(provider=NsmlProvider, settings=model, connect=lambda *_: None)  # type: ignore[arg-type]  # never opened
    monkeypatch.setattr("bot.cli_setup.kinds", lambda: {"nsml": odd})
    result = init("nsml", "shop", "here")
    assert result.exit_code == 0
    assert "place\nplace: " in result.output
