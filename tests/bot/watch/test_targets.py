"""What a watch's target means, and what a mute silences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot import catalog
from bot.catalog import Words
from bot.records import Mute, Watch
from bot.watch.targets import Targets, Watched, coverage
from providers.model import Pipeline, PipelineRef
from tests.fakes.provider import NOON

FLOW = tuple(
    Pipeline(ref=PipelineRef("flow", ident), name=name, group=group)
    for ident, name, group in (
        ("1", "payments-release", "shop"),
        ("2", "release", "shop"),
        ("3", "nightly", "shop"),
        ("4", "nightly", "lab"),
    )
)
WORDS = Words(
    groups={"payments": ("flow:payments-release", "other:invoices*"), "all": ("*",)},
    aliases={"pay": "flow:payments-release"},
)


def locate(url: str) -> Sequence[PipelineRef]:
    return (PipelineRef("flow", url.rpartition("/")[2]),)


TARGETS = Targets(WORDS, ("flow", "other"), locate)


def watch(target: str, **more: Any) -> Watch:
    return Watch(id="w1", channel="C1", target=target, created_at=NOON, **more)


def covered(target: str, **more: str) -> set[str]:
    found = coverage("flow", [watch(target, **more)], FLOW, TARGETS)
    assert (found.matched == {"w1"}) == bool(found.watched)
    return {ref.id for ref in found.watched}


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("flow:1", {"1"}),
        ("Flow:1", {"1"}),
        ("flow:", {"1", "2", "3", "4"}),
        ("flow:*release", {"1", "2"}),
        ("release", {"2"}),
        ("payments", {"1"}),
        ("pay", {"1"}),
        ("all", {"1", "2", "3", "4"}),
        ("https://flow.example/pipelines/3", {"3"}),
        ("nightly", set()),
        ("flow:lab/nightly", {"4"}),
        ("other:release", set()),
        ("gone", set()),
    ],
)
def test_a_target_means_what_a_question_would_be_about(
    target: str, meant: set[str]
) -> None:
    assert covered(target) == meant


def test_what_a_watch_means_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look for names that are near is dear, and nobody reads them here."""

    def guess(*_: object, **__: object) -> list[str]:
        raise AssertionError

    monkeypatch.setattr(catalog, "get_close_matches", guess)

    assert covered("flow:gone") == set()


def test_filters_on_the_name_narrow_what_is_meant() -> None:
    assert covered("flow:", filters="name:night*") == {"3", "4"}


def test_a_mute_is_read_among_all_pipelines_and_not_by_itself() -> None:
    mute = Mute(id="m1", channel="C1", target="release", by="U1", created_at=NOON)

    silenced = [p.ref.id for p in FLOW if TARGETS.silences(mute, Watched(p, (), FLOW))]

    assert silenced == ["2"]


def test_a_mute_of_a_watch_is_not_about_pipelines() -> None:
    mute = Mute(id="m1", channel="C1", watch="w1", by="U1", created_at=NOON)

    assert TARGETS.silences(mute, Watched(FLOW[0], (), FLOW))
