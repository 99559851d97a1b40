"""Whatever the file holds, it becomes settings or problems, never another error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import Problem, SettingsError
from tests.bot.settings.reading import CANARY, SHOP, Reader
from tests.bot.settings.test_example import ALL, ENVIRON

SECRETS = {name: f"{CANARY}-{name}" for name in ENVIRON} | {"KEY": CANARY}

MARKS = [
    *"\t\n :-[]{}'\"#&*!|>%@`,?=<~$\\0\0",
    *("<<: ", "${", "}", "$${", "file:", "null", "- ", "&a ", "*a", "!!int ", "---\n"),
    *(
        "[[[[",
        "{a: ",
        "0x",
        "1e400",
        "12:30",
        "\ud800",
        "\x85",
        "\u2028",
        '"\\U',
        "%YAML 9",
    ),
    *("2001-99-99", "9" * 30, ".nan", "${KEY}", "${NOPE}", "yes", "<", "? ", "\r\n"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def is_settings_or_problems(folder: Path, raw: bytes) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        told = repr(Reader(folder).load(raw, SECRETS, for_slack=True))
    except SettingsError as error:
        problems, told = error.problems, str(error)
        lines = told.split("\n")
    else:
        lines = []
    assert len(lines) == len(problems)
    assert CANARY not in told
    assert told.encode()
    most = len(raw.decode("utf-8", "replace").splitlines()) + 1
    for problem in problems:
        assert problem.what
        assert problem.line is None or 1 <= problem.line <= most


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text(folder: Path, text: str) -> None:
    is_settings_or_problems(folder, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=100))
def test_any_bytes(folder: Path, raw: bytes) -> None:
    is_settings_or_problems(folder, raw)


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from([*MARKS, "a", "kind", "connections", "slack"])))
def test_any_arrangement_of_what_yaml_knows(folder: Path, parts: list[str]) -> None:
    text = "".join(parts)
    is_settings_or_problems(folder, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_change_of_a_working_configuration(
    folder: Path, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from([SHOP, ALL]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(["", *MARKS])) + text[end:]
    is_settings_or_problems(folder, text.encode("utf-8", "surrogatepass"))


LEAVES = [*re.finditer(r"(?m)^ *\w+: (.+)$", ALL)]


@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, len(LEAVES) - 1),
    value=st.one_of(
        st.sampled_from(MARKS),
        st.integers().map(str),
        st.floats().map(str),
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30
        ).map(repr),
        st.sampled_from(["[]", "{}", "[a, [b]]", "{a: {b: c}}", "true", "''"]),
    ),
)
def test_any_value_of_any_setting(folder: Path, place: int, value: str) -> None:
    leaf = LEAVES[place]
    text = ALL[: leaf.start(1)] + value + ALL[leaf.end(1) :]
    is_settings_or_problems(folder, text.encode("utf-8", "surrogatepass"))
