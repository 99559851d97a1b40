"""Where the store is: the setting, the environment, or beside the configuration."""

from __future__ import annotations

import pytest

from tests.bot.settings.reading import CANARY, ENVIRON, SHOP, Reader

URL = "RUNBELL_DATABASE_URL"


def url(reader: Reader, text: str = "", **environ: str) -> str:
    settings = reader.load(f"{text}\n{SHOP}", {**ENVIRON, **environ})
    return settings.database.get_secret_value()


def test_without_a_word_it_is_a_file_beside_the_configuration(reader: Reader) -> None:
    assert url(reader) == f"sqlite:///{reader.folder}/runbell.db"
    assert url(reader, "database:") == url(reader)
    assert url(reader, **{URL: " "}) == url(reader)


def test_a_path_begins_at_the_folder_of_the_configuration(reader: Reader) -> None:
    assert url(reader, "database: sqlite:///x/y.db") == (
        f"sqlite:///{reader.folder}/x/y.db"
    )
    assert url(reader, "database: sqlite:////x/y.db") == "sqlite:////x/y.db"


def test_the_file_goes_before_the_environment(reader: Reader) -> None:
    shared = {URL: f"postgresql://runbell:{CANARY}@db/runbell"}
    assert url(reader, **shared) == shared[URL]
    assert url(reader, "database: sqlite:////own.db", **shared) == "sqlite:////own.db"


def test_a_password_from_outside_is_a_secret_in_every_form(reader: Reader) -> None:
    settings = reader.load(
        f"database: 'postgresql://me:${{PW}}@db/runbell'\n{SHOP}",
        {**ENVIRON, "PW": f"{CANARY}%40x"},
    )
    assert CANARY not in repr(settings)
    assert {f"{CANARY}%40x", f"{CANARY}@x"} <= set(settings.secrets())


def test_a_password_in_a_query_is_one_too(reader: Reader) -> None:
    settings = reader.load(
        SHOP, {**ENVIRON, URL: f"postgresql://db/runbell?user=me&password={CANARY}"}
    )
    assert CANARY in settings.secrets()


def test_a_database_without_a_password_is_no_secret(reader: Reader) -> None:
    settings = reader.load(f"database: postgresql://db/runbell\n{SHOP}")
    assert settings.database.get_secret_value() not in settings.secrets()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("database: runbell.db", "this is no address of a database; write sqlite:///"),
        ("database: mysql://db", "this is no address of a database; write sqlite:///"),
        ("database: sqlite:///", "this is no address of a database; write sqlite:///"),
        ("database: 5", "this is no address of a database; write sqlite:///path/to/"),
        ("database: [a]", "this is no address of a database; write sqlite:///path/to"),
        ("database: ${NO}", "NO is not set in the environment; export NO=… before"),
        (
            f"database: postgresql://me:{CANARY}@db/runbell",
            "a password stands here in clear text; export RUNBELL_DATABASE_URL=…, or",
        ),
        (
            f"database: postgresql://db/runbell?password={CANARY}",
            "a password stands here in clear text; export RUNBELL_DATABASE_URL=…, or",
        ),
    ],
)
def test_each_wrong_address_is_one_problem_with_its_line(
    reader: Reader, line: str, told: str
) -> None:
    (problem,) = reader.problems(f"{line}\n{SHOP}")
    assert problem.startswith(f"runbell.yml:1: database: {told}")


def test_a_wrong_variable_is_told_without_its_value(reader: Reader) -> None:
    (problem,) = reader.problems(SHOP, {**ENVIRON, URL: f"db.example/{CANARY}"})
    assert problem == (
        "runbell.yml: RUNBELL_DATABASE_URL: this is no address of a database; export "
        "RUNBELL_DATABASE_URL=postgresql://… or sqlite:///…"
    )
