"""Kinds of providers: ours, and those that other packages bring."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from providers import nsml, registry
from providers.kind import Kind
from providers.nsml.api import NsmlProvider, connect
from providers.nsml.settings import NsmlSettings


class Other(NsmlProvider):
    kind = "other"


class Pretender(NsmlProvider):
    """Has the word of a kind that is ours."""


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **things: object) -> None:
    """Install a package that offers these things."""
    module = ModuleType("someones_package")
    for name, thing in things.items():
        setattr(module, name, thing)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    info = folder / "someones_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: someones-package\n")
    lines = [f"{name} = {module.__name__}:{name}" for name in things]
    text = "\n".join([f"[{registry.ENTRY_POINTS}]", *lines])
    (info / "entry_points.txt").write_text(text)
    monkeypatch.syspath_prepend(str(folder))


def a_kind(provider: type[NsmlProvider]) -> Kind:
    return Kind(provider=provider, settings=NsmlSettings, connect=connect)


def test_each_kind_is_found_by_its_word_in_the_configuration() -> None:
    found = registry.kinds()

    assert found["nsml"] is nsml.KIND
    assert len(found) >= len(registry.BUILT_IN)
    assert len({kind.name for kind in registry.BUILT_IN}) == len(registry.BUILT_IN)
    for name, kind in found.items():
        assert kind.name == kind.provider.kind == name
        assert kind.provider.title


def test_a_package_can_bring_a_kind_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = a_kind(Other)
    package(tmp_path, monkeypatch, theirs=theirs)

    assert registry.kinds()["other"] is theirs


def test_a_package_cannot_replace_a_kind_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, monkeypatch, theirs=a_kind(Pretender))

    assert registry.kinds()["nsml"] is nsml.KIND


def test_a_package_that_offers_something_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, monkeypatch, theirs="a word")

    with pytest.raises(TypeError, match="someones_package:theirs is not a"):
        registry.kinds()
