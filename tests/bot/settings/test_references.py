"""`${NAME}` and `file:…` stand for values that are never shown."""

from __future__ import annotations

import os

import pytest

from bot.settings.references import LARGEST
from tests.bot.settings.reading import CANARY, ENVIRON, SHOP, Reader


def alias(reader: Reader, written: str) -> str:
    return reader.load(f"aliases:\n  a: {written}\n{SHOP}").aliases["a"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${PORT}", "8080"),
        ("a-${PORT}-${PORT}", "a-8080-8080"),
        ("$${PORT}", "${PORT}"),
        ("$$${PORT}", "$${PORT}"),
        ("$PORT $", "$PORT $"),
        ("a$${${PORT}}", "a${8080}"),
        ("${PORT}${EMPTY}", "8080"),
    ],
)
def test_a_reference_is_replaced_and_a_doubled_dollar_is_not(
    reader: Reader, written: str, value: str
) -> None:
    assert alias(reader, written) == value


def test_a_value_from_outside_is_not_read_for_references_again(reader: Reader) -> None:
    environ = {**ENVIRON, "A": "${PORT}", "F": "file"}
    text = f"aliases: {{a: '${{A}}'}}\nhttp: {{host: '${{F}}:gone'}}\n{SHOP}"
    settings = reader.load(text, environ)
    assert settings.aliases == {"a": "${PORT}"}
    assert settings.http.host == "file:gone"


def test_a_number_may_come_from_the_environment(reader: Reader) -> None:
    assert reader.load(f"http:\n  port: ${{PORT}}\n{SHOP}").http.port == 8080


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("${A}", "A is not set in the environment; export A=… before starting"),
        ("${A}-${B}", "A and B are not set in the environment; export A=…, B=…"),
        ("${EMPTY}", "${EMPTY} is empty; export a value"),
        ("${PORT", "there is a ${ without its }; write ${NAME}, or $${ for a"),
        ("${}", "what stands in ${…} is no name of a variable"),
        ("${PORT:-1}", "what stands in ${…} is no name of a variable"),
        ("'file:'", "no file is named after file:; write file:/path/to/the/secret"),
        ("file:${A}/x", "A is not set in the environment"),
        ("file:gone", "'file:gone' does not exist; create it"),
        ("file:.", "'file:.' is no plain file; name a file"),
        ("file:pipe", "'file:pipe' is no plain file; name a file"),
        ("file:empty", "'file:empty' is empty; write the value into the file"),
        ("file:binary", "'file:binary' is no text, or no path"),
        ("file:large", f"'file:large' is larger than {LARGEST} bytes"),
        ("file:empty/x", "'file:empty/x' cannot be read (Not a directory)"),
        ('"file:a\\0b"', "'file:a\\x00b' is no text, or no path"),
    ],
)
def test_what_cannot_be_had_is_one_problem_with_its_line(
    reader: Reader, written: str, told: str
) -> None:
    os.mkfifo(reader.folder / "pipe")
    (reader.folder / "empty").write_text("\n")
    (reader.folder / "binary").write_bytes(b"\xff\xfe")
    (reader.folder / "large").write_text("x" * (LARGEST + 1))
    (problem,) = reader.problems(SHOP.replace("api_key: ${KEY}", f"api_key: {written}"))
    assert problem.startswith(f"runbell.yml:7: connections.shop.api_key: {told}")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_beside_the_configuration_holds_a_secret(
    reader: Reader, end: str
) -> None:
    (reader.folder / "key").write_bytes(f"{CANARY}{end}".encode())
    text = SHOP.replace("api_key: ${KEY}", "api_key: file:key")
    connection = reader.load(text).connections["shop"]
    assert CANARY in connection.secrets()


def test_a_file_may_be_named_by_way_of_the_environment(reader: Reader) -> None:
    """As systemd hands over credentials: in the folder $CREDENTIALS_DIRECTORY."""
    (reader.folder / "key").write_text(CANARY)
    text = SHOP.replace("api_key: ${KEY}", "api_key: file:${CREDENTIALS_DIRECTORY}/key")
    environ = {**ENVIRON, "CREDENTIALS_DIRECTORY": str(reader.folder)}
    assert CANARY in reader.load(text, environ).secrets()


def test_a_value_of_a_variable_is_not_shown_where_it_is_wrong(reader: Reader) -> None:
    """Not where we say what was found, nor where a validator quotes it."""
    problems = reader.problems(
        "command: ${KEY}\ntimezone: ${KEY}\nhttp:\n  port: ${KEY}\n"
        f"aliases:\n  a: ${{KEY}}:x\n{SHOP}"
    )
    assert [problem.split(": ")[1] for problem in problems] == [
        "command",
        "timezone",
        "http.port",
        "aliases.a",
    ]
    assert "'${KEY}' is not a whole number" in problems[2]
    assert "'${KEY}:x' names no connection" in problems[3]
