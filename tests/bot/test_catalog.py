"""What was typed means one thing, several, or nothing; it is never guessed."""

from __future__ import annotations

import pytest

from bot.catalog import Ambiguous, Found, Nothing, Words, connections_of, resolve
from providers.model import Pipeline, PipelineRef


def pipe(connection: str, ident: str, name: str, group: str | None = None) -> Pipeline:
    return Pipeline(ref=PipelineRef(connection, ident), name=name, group=group)


PIPELINES = {
    "flow": [
        pipe("flow", "11", "release"),
        pipe("flow", "12", "release-notes"),
        pipe("flow", "13", "Nightly build"),
    ],
    "nf": [
        pipe("nf", "shop/pipelines/web/production", "web (production)", "shop"),
        pipe("nf", "shop/jobs/import", "import", "shop"),
        pipe("nf", "blog/jobs/import", "import", "blog"),
    ],
}
WORDS = Words(
    groups={"payments": ("flow:release", "nf:shop/*")}, aliases={"web": "nf:web*"}
)


def found(target: str | None) -> list[str]:
    resolution = resolve(target, WORDS, PIPELINES)
    assert isinstance(resolution, Found), resolution
    return [str(p.ref) for p in resolution.pipelines]


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        ("flow:", ["11", "12", "13"]),
        ("flow", ["11", "12", "13"]),
        ("FLOW:Release", ["11"]),
        ("release", ["11"]),
        ("13", ["13"]),
        ("nightly build", ["13"]),
        ("nightly", ["13"]),
        ("notes", ["12"]),
        ("release*", ["11", "12"]),
        ("flow:*", ["11", "12", "13"]),
        ("shop/import", ["shop/jobs/import"]),
        ("jobs/import", None),
        ("web/production", ["shop/pipelines/web/production"]),
        ("nf:shop/*", ["shop/pipelines/web/production", "shop/jobs/import"]),
        ("web", ["shop/pipelines/web/production"]),
        ("PAYMENTS", ["11", "shop/pipelines/web/production", "shop/jobs/import"]),
        ("*import", ["shop/jobs/import", "blog/jobs/import"]),
    ],
)
def test_a_target_means_these_pipelines(target: str, ids: list[str] | None) -> None:
    resolution = resolve(target, WORDS, PIPELINES)

    if ids is None:
        assert isinstance(resolution, Ambiguous)
    else:
        assert isinstance(resolution, Found), resolution
        assert [p.ref.id for p in resolution.pipelines] == ids


def test_no_target_means_everything() -> None:
    assert len(found(None)) == 6


def test_what_fits_several_is_a_choice_of_targets_that_each_mean_one() -> None:
    resolution = resolve("import", WORDS, PIPELINES)

    assert isinstance(resolution, Ambiguous)
    assert resolution.choices == ("nf:shop/jobs/import", "nf:blog/jobs/import")
    assert [found(choice) for choice in resolution.choices] == [
        ["nf:shop/jobs/import"],
        ["nf:blog/jobs/import"],
    ]


def test_an_exact_name_is_not_ambiguous_because_others_hold_it() -> None:
    assert found("release") == ["flow:11"]


def test_a_typo_comes_back_with_what_may_have_been_meant() -> None:
    resolution = resolve("relaese", WORDS, PIPELINES)

    assert isinstance(resolution, Nothing)
    assert resolution.suggestions[0] == "flow:11"


@pytest.mark.parametrize("target", ["zzz", "zzz*", "nf:zzz", "flow:zzz*"])
def test_what_fits_nothing_means_nothing(target: str) -> None:
    assert isinstance(resolve(target, WORDS, PIPELINES), Nothing)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (None, ("flow", "nf")),
        ("release", ("flow", "nf")),
        ("flow:release", ("flow",)),
        ("NF", ("nf",)),
        ("payments", ("flow", "nf")),
        ("web", ("nf",)),
        ("other:release", ("flow", "nf")),
    ],
)
def test_only_the_connections_that_are_named_are_searched(
    target: str | None, names: tuple[str, ...]
) -> None:
    assert connections_of(target, WORDS, PIPELINES) == names
