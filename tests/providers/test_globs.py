"""Globs: what stands for others, and what means itself."""

from __future__ import annotations

import pytest

from providers.globs import matches


@pytest.mark.parametrize(
    ("text", "glob"),
    [
        ("renovate[bot]", "*[bot]"),
        ("renovate[bot]", "renovate[bot]"),
        ("release/1.2", "release/*"),
        ("v1", "v?"),
        ("[", "["),
        ("a]b", "a]b"),
    ],
)
def test_a_star_and_a_question_mark_stand_for_others(text: str, glob: str) -> None:
    assert matches(text, glob)


@pytest.mark.parametrize(
    ("text", "glob"),
    [("robert", "*[bot]"), ("bob", "*[bot]"), ("Release", "release"), ("v10", "v?")],
)
def test_a_bracket_means_itself_and_letter_case_counts(text: str, glob: str) -> None:
    assert not matches(text, glob)
