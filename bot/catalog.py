"""What a person typed → which pipelines are meant; pure, and never a guess.

A target is, in this order: an alias or group of the configuration; the pasted address
of a pipeline's or run's page; a connection; `connection:path`, where the path is a
pipeline's id, its name, a unique tail of either, or a glob; or such a path alone. What
fits several is a choice, what fits none comes back with what it may have meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from bot.tokens import folded, is_url
from providers.globs import MARKS, matches
from providers.model import Pipeline, PipelineRef

MOST_CHOICES = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """A target that may be meant, and what a person knows it by."""

    target: str
    """Means this and nothing else; as it is, not as it is typed."""
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """The pipelines that are meant, in the order of the configuration."""

    pipelines: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several single pipelines fit equally well."""

    target: str
    """What fits them: what was asked for, or what a word stands for."""
    choices: tuple[Choice, ...]
    """The first of them."""
    count: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing fits."""

    target: str
    """What fits nothing: what was asked for, or what a word stands for."""
    suggestions: tuple[Choice, ...]


Resolution = Found | Ambiguous | Nothing

Locate = Callable[[str], Sequence[PipelineRef]]
"""A pasted address → the pipeline it is about, in each connection it may be of."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the configuration that stand for targets."""

    groups: Mapping[str, Sequence[str]]
    aliases: Mapping[str, str]

    def spell_out(self, target: str) -> tuple[str, ...]:
        """Return the targets a word stands for; itself where it is no such word."""
        word = target.casefold()
        if word in self.aliases:
            return (self.aliases[word],)
        return tuple(self.groups.get(word, (target,)))


def connections_of(
    target: str | None, words: Words, connections: Iterable[str], locate: Locate
) -> tuple[str, ...]:
    """Return the connections that have to be searched for a target."""
    known = tuple(connections)
    if target is None:
        return known
    named: set[str] = set()
    for part in words.spell_out(target):
        if is_url(part):
            named.update(ref.connection for ref in locate(part))
        elif connection := _connection(part, known):
            named.add(connection)
        else:
            return known
    return tuple(name for name in known if name in named)


def resolve(
    target: str | None,
    words: Words,
    pipelines: Mapping[str, Sequence[Pipeline]],
    locate: Locate,
    unread: frozenset[str] = frozenset(),
    *,
    suggests: bool = True,
) -> Resolution:
    """Return what a target means among the pipelines of each connection.

    `None` means all of them. What is said of a connection in `unread`, whose pipelines
    nobody knows, is neither found nor missing; but an address says all that is needed.
    Without `suggests`, what fits nothing comes back without what may have been meant.
    """
    if target is None:
        return Found(tuple(p for group in pipelines.values() for p in group))
    found: dict[Pipeline, None] = {}
    for part in words.spell_out(target):
        if _connection(part, pipelines) in unread:
            continue
        resolution = (
            _resolve_address(part, pipelines, locate)
            if is_url(part)
            else _resolve_one(part, words, pipelines, suggests=suggests)
        )
        if not isinstance(resolution, Found):
            return resolution
        found.update(dict.fromkeys(resolution.pipelines))
    return Found(tuple(found))


def address(ref: PipelineRef) -> str:
    """Return the target that means just this pipeline; as it is, not as it is typed."""
    return f"{ref.connection}:{ref.id}"


def choices(pipelines: Sequence[Pipeline]) -> tuple[Choice, ...]:
    """Return the first few pipelines to choose from: name, group and connection.

    Those that share all three are told apart by their ids.
    """
    shared = Counter(map(_label, pipelines))
    return tuple(
        Choice(
            address(p.ref),
            label if shared[label] == 1 else f"{label} · {p.ref.id}",
        )
        for p in pipelines[:MOST_CHOICES]
        for label in [_label(p)]
    )


def _label(pipeline: Pipeline) -> str:
    known = (pipeline.name, pipeline.group, pipeline.ref.connection)
    return " · ".join(part for part in known if part)


def _connection(part: str, known: Iterable[str]) -> str | None:
    name = part.partition(":")[0].casefold()
    return name if name in set(known) else None


def _resolve_address(
    url: str, pipelines: Mapping[str, Sequence[Pipeline]], locate: Locate
) -> Resolution:
    refs = locate(url)
    listed = {p.ref: p for group in pipelines.values() for p in group}
    # Several connections may be of one site; where the pipeline is listed, it is. It
    # need not be listed at all: lists are cut, and some cannot be read.
    meant = [listed[ref] for ref in refs if ref in listed]
    meant = meant or [Pipeline(ref=ref, name=ref.id) for ref in refs]
    if not meant:
        return Nothing(url, ())
    return _one_of(url, meant)


def _resolve_one(
    part: str,
    words: Words,
    pipelines: Mapping[str, Sequence[Pipeline]],
    *,
    suggests: bool,
) -> Resolution:
    connection = _connection(part, pipelines)
    path = part.partition(":")[2] if connection else part
    groups = [pipelines[connection]] if connection else pipelines.values()
    candidates = [p for group in groups for p in group]
    if connection and not path:
        return Found(tuple(candidates))
    is_glob = bool(MARKS & set(path))
    wanted = _Wanted(path, folded(path))
    for fits in _EXACTLY if is_glob else (*_EXACTLY, *_LOOSELY):
        fitting = [p for p in candidates if fits(p, wanted)]
        if len(fitting) == 1 or (fitting and not is_glob):
            return _one_of(part, fitting)
    matching = tuple(p for p in candidates if is_glob and _matches_glob(p, wanted))
    if matching:
        return Found(matching)
    return _nothing(part, words, pipelines) if suggests else Nothing(part, ())


def _one_of(target: str, fitting: Sequence[Pipeline]) -> Found | Ambiguous:
    if len(fitting) == 1:
        return Found(tuple(fitting))
    return Ambiguous(target, choices(fitting), len(fitting))


def _names(pipeline: Pipeline) -> tuple[str, ...]:
    """Return what a pipeline may be called, with and without its group."""
    name = folded(pipeline.name)
    grouped = (f"{folded(pipeline.group)}/{name}",) if pipeline.group else ()
    return (folded(pipeline.ref.id), name, *grouped)


class _Wanted(NamedTuple):
    """What a pipeline is looked for by."""

    text: str
    folded: str


def _is_id(pipeline: Pipeline, wanted: _Wanted) -> bool:
    return pipeline.ref.id == wanted.text


def _is_name(pipeline: Pipeline, wanted: _Wanted) -> bool:
    return wanted.folded in _names(pipeline)


def _is_tail(pipeline: Pipeline, wanted: _Wanted) -> bool:
    return any(name.endswith(f"/{wanted.folded}") for name in _names(pipeline))


def _is_part(pipeline: Pipeline, wanted: _Wanted) -> bool:
    return len(wanted.folded) > 1 and wanted.folded in folded(pipeline.name)


_EXACTLY = (_is_id, _is_name)
_LOOSELY = (_is_tail, _is_part)
"""How a path may fit, the closest first."""


def _matches_glob(pipeline: Pipeline, wanted: _Wanted) -> bool:
    return any(matches(name, wanted.folded) for name in _names(pipeline))


def _nothing(
    part: str, words: Words, pipelines: Mapping[str, Sequence[Pipeline]]
) -> Nothing:
    """Return that nothing fits, with the names that are nearest."""
    connection = _connection(part, pipelines)
    head, colon, tail = part.partition(":")
    searched = [pipelines[connection]] if connection else pipelines.values()
    named: dict[str, list[Pipeline]] = {}
    for pipeline in (p for group in searched for p in group):
        named.setdefault(folded(pipeline.name), []).append(pipeline)
    titled = (
        ("group", words.groups),
        ("alias", words.aliases),
        ("connection", pipelines),
    )
    spelt = {
        name: Choice(name, f"{name} · {title}")
        for title, names in titled
        for name in names
        if not colon
    }
    # What stands before the colon, and is no connection, may be one that is misspelt.
    near = get_close_matches(folded(tail or head), {**named, **spelt}, n=3, cutoff=0.5)
    meant: list[Choice] = []
    for name in near:
        meant += [spelt[name]] if name in spelt else []
        meant += choices(named.get(name, ()))
    return Nothing(part, tuple(meant[:MOST_CHOICES]))
