"""What was typed means one thing, several, or nothing; it is never guessed."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog import (
    MOST_CHOICES,
    Ambiguous,
    Choice,
    Found,
    Nothing,
    Words,
    address,
    choices,
    connections_of,
    resolve,
)
from bot.commands.grammar import Command, Verb, parse
from bot.tokens import literal
from providers.model import Pipeline, PipelineRef
from tests.bot.test_tokens import ANY, escaped


def pipe(connection: str, ident: str, name: str, group: str | None = None) -> Pipeline:
    return Pipeline(ref=PipelineRef(connection, ident), name=name, group=group)


PIPELINES = {
    "flow": [
        pipe("flow", "11", "release"),
        pipe("flow", "12", "release-notes"),
        pipe("flow", "13", "Nightly build"),
        pipe("flow", "14", "发布（生产）：一"),
    ],
    "nf": [
        pipe("nf", "shop/pipelines/web/production", "web (production)", "shop"),
        pipe("nf", "shop/jobs/import", "import", "shop"),
        pipe("nf", "blog/jobs/import", "import", "blog"),
    ],
}
PAGE = "https://flow.example/pipelines"
WORDS = Words(
    groups={
        "payments": ("flow:release", "nf:shop/*"),
        "pages": (f"{PAGE}/11", "nf:blog/jobs/import"),
        "old": ("flow:release", "nf:gone"),
    },
    aliases={"web": "nf:web*", "page": f"{PAGE}/11", "lost": "https://x.example/1"},
)


def locate(url: str) -> tuple[PipelineRef, ...]:
    """Return what the pages of one site are about."""
    page, _, ident = url.rpartition("/")
    return (PipelineRef("flow", ident),) if page == PAGE else ()


def found(target: str | None) -> list[str]:
    resolution = resolve(target, WORDS, PIPELINES, locate)
    assert isinstance(resolution, Found), resolution
    return [str(p.ref) for p in resolution.pipelines]


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        ("flow:", ["11", "12", "13", "14"]),
        ("flow", ["11", "12", "13", "14"]),
        ("FLOW:Release", ["11"]),
        ("release", ["11"]),
        ("13", ["13"]),
        ("nightly build", ["13"]),
        ("nightly", ["13"]),
        ("notes", ["12"]),
        ("release*", ["11", "12"]),
        ("flow:*", ["11", "12", "13", "14"]),
        ("shop/import", ["shop/jobs/import"]),
        ("jobs/import", None),
        ("web/production", ["shop/pipelines/web/production"]),
        ("nf:shop/*", ["shop/pipelines/web/production", "shop/jobs/import"]),
        ("web", ["shop/pipelines/web/production"]),
        ("PAYMENTS", ["11", "shop/pipelines/web/production", "shop/jobs/import"]),
        ("*import", ["shop/jobs/import", "blog/jobs/import"]),
        # As the grammar hands on what was typed without quotes, and in quotes.
        ("发布（生产）:一", ["14"]),
        ("发布（生产）：一", ["14"]),
        ("nightly  BUILD", ["13"]),
        (f"{PAGE}/11", ["11"]),
        ("page", ["11"]),
        ("pages", ["11", "blog/jobs/import"]),
    ],
)
def test_a_target_means_these_pipelines(target: str, ids: list[str] | None) -> None:
    resolution = resolve(target, WORDS, PIPELINES, locate)

    if ids is None:
        assert isinstance(resolution, Ambiguous)
    else:
        assert isinstance(resolution, Found), resolution
        assert [p.ref.id for p in resolution.pipelines] == ids


def test_no_target_means_everything() -> None:
    assert len(found(None)) == 7


def test_what_fits_several_is_a_choice_of_targets_that_each_mean_one() -> None:
    resolution = resolve("import", WORDS, PIPELINES, locate)

    assert isinstance(resolution, Ambiguous)
    assert resolution.target == "import"
    assert resolution.choices == (
        Choice("nf:shop/jobs/import", "import · shop · nf"),
        Choice("nf:blog/jobs/import", "import · blog · nf"),
    )
    assert [found(choice.target) for choice in resolution.choices] == [
        ["nf:shop/jobs/import"],
        ["nf:blog/jobs/import"],
    ]


def test_an_exact_name_is_not_ambiguous_because_others_hold_it() -> None:
    assert found("release") == ["flow:11"]


def test_a_typo_comes_back_with_what_may_have_been_meant() -> None:
    resolution = resolve("relaese", WORDS, PIPELINES, locate)

    assert isinstance(resolution, Nothing)
    assert resolution.suggestions[0] == Choice("flow:11", "release · flow")


def test_of_pipelines_that_share_a_name_all_may_have_been_meant() -> None:
    resolution = resolve("imprt", WORDS, PIPELINES, locate)

    assert isinstance(resolution, Nothing)
    assert [choice.target for choice in resolution.suggestions] == [
        "nf:shop/jobs/import",
        "nf:blog/jobs/import",
    ]


@pytest.mark.parametrize(
    ("target", "choice"),
    [
        ("paymnts", Choice("payments", "payments · group")),
        ("wbe", Choice("web", "web · alias")),
        ("flwo", Choice("flow", "flow · connection")),
        ("flwo:rleease", Choice("flow:11", "release · flow")),
        ("flow:rleease", Choice("flow:11", "release · flow")),
    ],
)
def test_a_word_or_connection_may_be_what_was_misspelt(
    target: str, choice: Choice
) -> None:
    resolution = resolve(target, WORDS, PIPELINES, locate)

    assert isinstance(resolution, Nothing)
    assert choice in resolution.suggestions


def test_pipelines_that_share_all_but_their_id_are_told_apart_by_it() -> None:
    same = [pipe("flow", str(n), "deploy", "web") for n in range(1, 9)]
    other = pipe("nf", "1", "deploy")

    offered = choices([*same[:2], other])
    assert [choice.label for choice in offered] == [
        "deploy · web · flow · 1",
        "deploy · web · flow · 2",
        "deploy · nf",
    ]
    assert len(choices(same)) == MOST_CHOICES


def test_a_group_that_holds_what_is_gone_says_which_target_that_is() -> None:
    resolution = resolve("old", WORDS, PIPELINES, locate)

    assert isinstance(resolution, Nothing)
    assert resolution.target == "nf:gone"


@pytest.mark.parametrize("target", ["https://x.example/1", "lost"])
def test_an_address_of_no_connection_means_nothing(target: str) -> None:
    assert connections_of(target, WORDS, PIPELINES, locate) == ()
    resolution = resolve(target, WORDS, PIPELINES, locate)

    assert resolution == Nothing("https://x.example/1", ())


def test_an_address_means_its_pipeline_though_that_is_not_listed() -> None:
    ref = PipelineRef("flow", "99")
    unread = frozenset({"flow"})

    cut = resolve(f"{PAGE}/99", WORDS, PIPELINES, locate)
    blind = resolve(f"{PAGE}/99", WORDS, {"flow": ()}, locate, unread)

    assert cut == blind == Found((Pipeline(ref=ref, name="99"),))


def test_an_address_of_two_connections_is_that_of_the_one_that_lists_it() -> None:
    def both(_: str) -> tuple[PipelineRef, ...]:
        return PipelineRef("other", "11"), PipelineRef("flow", "11")

    listed = resolve(f"{PAGE}/11", WORDS, {**PIPELINES, "other": ()}, both)
    unlisted = resolve(f"{PAGE}/11", WORDS, {"flow": (), "other": ()}, both)

    assert isinstance(listed, Found)
    assert [p.ref.connection for p in listed.pipelines] == ["flow"]
    assert isinstance(unlisted, Ambiguous)
    assert [c.target for c in unlisted.choices] == ["other:11", "flow:11"]


IDS = st.one_of(ANY, st.text(string.ascii_letters + '"\\ #*?[]:,-/&;', max_size=20))


@given(ids=st.lists(IDS.filter(bool), min_size=1, max_size=5, unique=True))
def test_the_address_of_any_pipeline_is_typed_and_read_back(ids: list[str]) -> None:
    # The worst of names: that of another pipeline's id.
    names = [*ids[1:], ids[0]]
    pipelines = [pipe("flow", i, n) for i, n in zip(ids, names, strict=True)]
    words = Words(groups={}, aliases={})
    for pipeline in pipelines:
        target = address(pipeline.ref)
        typed = f"show flow:{literal(pipeline.ref.id)} #7"
        for text in (typed, escaped(typed), str(Command(Verb.SHOW, target, "7"))):
            command = parse(text)

            assert command == Command(Verb.SHOW, target, "7")
            resolution = resolve(target, words, {"flow": pipelines}, locate)
            assert resolution == Found((pipeline,))


@pytest.mark.parametrize("target", ["zzz", "zzz*", "nf:zzz", "flow:zzz*"])
def test_what_fits_nothing_means_nothing(target: str) -> None:
    assert isinstance(resolve(target, WORDS, PIPELINES, locate), Nothing)


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
        (f"{PAGE}/11", ("flow",)),
        ("page", ("flow",)),
        ("pages", ("flow", "nf")),
    ],
)
def test_only_the_connections_that_are_named_are_searched(
    target: str | None, names: tuple[str, ...]
) -> None:
    assert connections_of(target, WORDS, PIPELINES, locate) == names
