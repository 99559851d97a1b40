"""What is wrong with the file itself is said with its line, never as a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import SettingsError, load
from bot.settings.plain_yaml import LARGEST
from providers.registry import kinds
from tests.bot.settings.reading import CANARY, SHOP, Reader


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("http:\n\tport: 1", 2, "a tab stands here; indent with spaces"),
        ("command: @runs", 1, "a text cannot begin with @; put it in quotes"),
        ("command: `runs`", 1, "a text cannot begin with a backtick; put it in quotes"),
        ("command: %runs", 1, "a text cannot begin with %; put it in quotes"),
        ("http: host: x", 1, "a colon followed by a space cannot stand here"),
        ("http:\n  port: 1\n host: x", 3, "the indentation does not fit"),
        (" http:\n  port: 1\ncache:\n", 3, "the indentation does not fit"),
        ("command: /runs\nhttp\n", 2, "there is a name without a colon"),
        ('a: 1\ncommand: "/runs\nb: 2\n', 2, "a quotation mark is opened and never"),
        ("a: 1\ngroups: [x, y\n", 2, "a bracket is opened and not closed"),
        ("a: 1\ngroups: {x: y\n", 2, "a bracket is opened and not closed"),
        ("groups: {pay: [${A}]}", 1, "a list or mapping in brackets holds a bare ${…}"),
        ('command: "\\q"', 1, "a backslash in double quotes begins something"),
        ('command: "\\UFFFFFFFF"', 1, "a character or version is written"),
        ("a: 1\nb: \x07", 2, "the character U+0007 cannot stand in YAML; delete it"),
        ("--- a\n--- b", 2, "a line of `---` begins a second document"),
        ("%YAML 3.0\n---\na: 1", 1, "this is no YAML"),
        ("[" * 1000, 1, "it is nested more than 20 levels deep"),
        ("just a text", 1, "the file holds a single text or a list, not settings"),
        ("- a\n- b", 1, "the file holds a single text or a list, not settings"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(
    reader: Reader, text: str, line: int, told: str
) -> None:
    (problem,) = reader.problems(text)
    assert problem.startswith(f"runbell.yml:{line}: {told}")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "{}", "null"])
def test_an_empty_file_is_a_problem(reader: Reader, text: str) -> None:
    (problem,) = reader.problems(text)
    assert problem == "runbell.yml: the file is empty; copy runbell.example.yml into it"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("timezone: &zone UTC", 1, "an anchor (`&name`) is not supported"),
        ("timezone: *zone", 1, "an alias (`*name`) is not supported"),
        ("*zone : UTC", 1, "an alias (`*name`) is not supported"),
        ("command: !!python/object:os.system x", 1, "a tag (`!name`) is not supported"),
        ("http:\n  <<: {port: 1}", 2, "http: a merge key (`<<`) is not supported"),
        ("? [a]\n: b", 1, "a list or section cannot be a name"),
        ("http: {port: 1}\n\nhttp: {}", 3, "http: 'http' is written twice, first in"),
    ],
)
def test_what_is_not_taken_of_yaml_is_refused_beside_all_else(
    reader: Reader, text: str, line: int, told: str
) -> None:
    problems = reader.problems(f"{text}\nconections: {{}}")
    assert any(p.startswith(f"runbell.yml:{line}: {told}") for p in problems)
    assert any("did you mean connections?" in problem for problem in problems)


@pytest.mark.parametrize("text", [f"timezone: *x\n{SHOP}", "connections: *x"])
def test_an_alias_is_one_problem_and_causes_no_other(reader: Reader, text: str) -> None:
    (problem,) = reader.problems(text)
    assert "an alias" in problem


def test_a_text_that_grows_by_aliases_does_not_grow(reader: Reader) -> None:
    """Ten levels of ten references would be ten thousand million entries."""
    levels = "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 11)
    )
    problems = reader.problems(f"a0: &a0 lol\n{levels}")
    assert sum("an anchor" in problem for problem in problems) == 11
    assert sum("an alias" in problem for problem in problems) == 100


def test_an_alias_that_was_meant_as_a_secret_is_not_shown(reader: Reader) -> None:
    for sign in "*&!":
        (problem,) = reader.problems(
            SHOP.replace("api_key: ${KEY}", f"api_key: {sign}{CANARY}")
            .replace(f"&{CANARY}", f"&{CANARY} ${{KEY}}")
            .replace(f"!{CANARY}", f"!{CANARY} ${{KEY}}")
        )
        assert "write the value itself, in quotes" in problem


def test_names_are_text_whatever_yaml_makes_of_them(reader: Reader) -> None:
    settings = reader.load(f"groups: {{yes: [shop], 123: [shop], null: []}}\n{SHOP}")
    assert set(settings.groups) == {"yes", "123", "null"}


@pytest.mark.parametrize(
    ("written", "value"),
    [("12:30", "12:30"), ("2021-06-25", "2021-06-25"), ("1.2.3", "1.2.3"), ("=", "=")],
)
def test_what_yaml_takes_for_a_time_or_a_date_stays_text(
    reader: Reader, written: str, value: str
) -> None:
    assert reader.load(f"http: {{host: {written}}}\n{SHOP}").http.host == value


@pytest.mark.parametrize("written", ["9" * 5000, "0x" + "f" * 5000, "1e999", "0b_"])
def test_numbers_out_of_all_reason_are_problems(reader: Reader, written: str) -> None:
    (problem,) = reader.problems(f"http:\n  port: {written}\n{SHOP}")
    assert problem.startswith("runbell.yml:2: http.port: ")
    assert len(problem) < 200


def test_half_a_character_can_be_printed(reader: Reader) -> None:
    for problem in reader.problems(f'command: "\\ud800"\n"\\udfff": 1\n{SHOP}'):
        assert problem.encode()


def test_a_byte_order_mark_is_no_part_of_the_text(reader: Reader) -> None:
    assert reader.load(b"\xef\xbb\xbf" + SHOP.encode()).command == "/runs"


def test_what_is_no_utf_8_is_told_with_its_line(reader: Reader) -> None:
    (problem,) = reader.problems("timezone: UTC\n# café".encode("latin-1"))
    assert problem == "runbell.yml:2: this is no UTF-8; save the file as UTF-8"


def test_a_file_that_is_far_too_large_is_not_read(reader: Reader) -> None:
    (problem,) = reader.problems("#" * (LARGEST + 1))
    assert "it is larger than" in problem


@pytest.mark.parametrize("name", ["missing.yml", ".", "a\0b", "x" * 5000])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / name, {}, kinds())
    (problem,) = caught.value.problems
    assert problem.line is None
    assert problem.instead


def test_windows_line_ends_count_once(reader: Reader) -> None:
    (problem,) = reader.problems(f"\r\n\r\nno: 1\r\n{SHOP}")
    assert problem.startswith("runbell.yml:3: no: ")
