"""What PyYAML cannot read → what is wrong, in plain words.

PyYAML's own words are never handed on: they may quote the text, and so a secret.
"""

from __future__ import annotations

import yaml

from bot.settings.document import Document

DEEPEST = 20
"""Levels of nesting; the deepest setting stands on the fifth."""

TOO_DEEP = "nested too deep"

EXAMPLE = "see runbell.example.yml"

SYNTAX = (
    ("'\\t'", "a tab stands here", "indent with spaces"),
    ("'@'", "a text cannot begin with @", "put it in quotes"),
    ("'`'", "a text cannot begin with a backtick", "put it in quotes"),
    ("'%'", "a text cannot begin with %", "put it in quotes"),
    (
        "mapping values are not allowed",
        "a colon followed by a space cannot stand here",
        "check the indentation, and put a text that holds `: ` in quotes",
    ),
    (
        "could not find expected ':'",
        "there is a name without a colon",
        "write `name: value`",
    ),
    (
        "unexpected end of stream",
        "a quotation mark is opened and never closed",
        "close it",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes begins something YAML does not know",
        "use single quotes",
    ),
    (
        "got '{'",
        "a list or mapping in brackets holds a bare ${…}",
        'put it in quotes: ["${NAME}"]',
    ),
    (
        "expected ',' or",
        "a bracket is opened and not closed, or a comma is missing",
        "close the bracket or add the comma",
    ),
    (
        "<block end>",
        "the indentation does not fit the lines before",
        "indent the settings of one section by the same number of spaces",
    ),
    (
        "<document start>",
        "the indentation does not fit the lines before",
        "begin the top-level settings in the first column",
    ),
    (
        "another document",
        "a line of `---` begins a second document",
        "delete that line",
    ),
    (
        TOO_DEEP,
        f"it is nested more than {DEEPEST} levels deep",
        EXAMPLE,
    ),
)
"""A part of what PyYAML says → what is wrong, and what to do."""

UNFINISHED = ("end of stream", "<stream end>", "find expected ':'")

UNKNOWN = ("this is no YAML", f"check this line and the one before; {EXAMPLE}")


def explain_character(
    error: yaml.reader.ReaderError, text: str, document: Document
) -> None:
    """Note a character that YAML does not take, at its line."""
    line = text.count("\n", 0, error.position) + 1
    what = f"the character U+{ord(text[error.position]):04X} cannot stand in YAML"
    document.remark((), what, "delete it", line=line)


def explain_syntax(error: yaml.MarkedYAMLError, document: Document) -> None:
    """Note what is wrong with the text, at its line."""
    problem = error.problem or ""
    known = ((what, instead) for sign, what, instead in SYNTAX if sign in problem)
    what, instead = next(known, UNKNOWN)
    # What is never finished is noticed later on: where it begins helps more.
    marks = [error.problem_mark, error.context_mark]
    if any(sign in problem for sign in UNFINISHED):
        marks.reverse()
    mark = next((mark for mark in marks if mark), None)
    document.remark((), what, instead, line=mark.line + 1 if mark else None)
