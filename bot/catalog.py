"""What a person typed → which pipelines are meant; pure, and never a guess.

A target is, in this order: an alias or group of the configuration; a connection;
`connection:path`, where the path is a pipeline's id, its name, a unique tail of either,
or a glob; or such a path alone. What fits several is a choice, what fits none comes
back with what it may have meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from providers.model import Pipeline

MOST_CHOICES = 5
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """The pipelines that are meant, in the order of the configuration."""

    pipelines: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several single pipelines fit equally well."""

    choices: tuple[str, ...]
    """Targets that each mean one of them."""
    count: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing fits."""

    suggestions: tuple[str, ...]


Resolution = Found | Ambiguous | Nothing


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
    target: str | None, words: Words, connections: Iterable[str]
) -> tuple[str, ...]:
    """Return the connections that have to be searched for a target."""
    known = tuple(connections)
    if target is None:
        return known
    named: set[str] = set()
    for part in words.spell_out(target):
        connection = _connection(part, known)
        if connection is None:
            return known
        named.add(connection)
    return tuple(name for name in known if name in named)


def resolve(
    target: str | None,
    words: Words,
    pipelines: Mapping[str, Sequence[Pipeline]],
    unread: frozenset[str] = frozenset(),
) -> Resolution:
    """Return what a target means among the pipelines of each connection.

    `None` means all of them. What is said of a connection in `unread`, whose pipelines
    nobody knows, is neither found nor missing.
    """
    if target is None:
        return Found(tuple(p for group in pipelines.values() for p in group))
    found: dict[Pipeline, None] = {}
    for part in words.spell_out(target):
        resolution = _resolve_one(part, pipelines)
        if _connection(part, pipelines) in unread:
            continue
        if not isinstance(resolution, Found):
            return resolution
        found.update(dict.fromkeys(resolution.pipelines))
    return Found(tuple(found))


def address(pipeline: Pipeline) -> str:
    """Return a target that means just this pipeline."""
    ident = pipeline.ref.id
    spaced = f'"{ident}"' if " " in ident else ident
    return f"{pipeline.ref.connection}:{spaced}"


def _connection(part: str, known: Iterable[str]) -> str | None:
    name = part.partition(":")[0].casefold()
    return name if name in set(known) else None


def _resolve_one(part: str, pipelines: Mapping[str, Sequence[Pipeline]]) -> Resolution:
    connection = _connection(part, pipelines)
    path = part.partition(":")[2] if connection else part
    groups = [pipelines[connection]] if connection else pipelines.values()
    candidates = [p for group in groups for p in group]
    if connection and not path:
        return Found(tuple(candidates))
    exact = tuple(p for p in candidates if path.casefold() in _names(p))
    if len(exact) == 1:
        return Found(exact)
    if _GLOB & set(path):
        matching = tuple(p for p in candidates if _matches_glob(p, path))
        return Found(matching) if matching else _nothing(path, candidates)
    for rule in (_is_id, _is_name, _is_tail, _is_part):
        fitting = tuple(p for p in candidates if rule(p, path.casefold()))
        if len(fitting) == 1:
            return Found(fitting)
        if fitting:
            choices = tuple(address(p) for p in fitting[:MOST_CHOICES])
            return Ambiguous(choices, len(fitting))
    return _nothing(path, candidates)


def _names(pipeline: Pipeline) -> tuple[str, ...]:
    """Return what a pipeline may be called, with and without its group."""
    name = pipeline.name.casefold()
    grouped = (f"{pipeline.group.casefold()}/{name}",) if pipeline.group else ()
    return (pipeline.ref.id.casefold(), name, *grouped)


def _is_id(pipeline: Pipeline, path: str) -> bool:
    return pipeline.ref.id.casefold() == path


def _is_name(pipeline: Pipeline, path: str) -> bool:
    return path in _names(pipeline)


def _is_tail(pipeline: Pipeline, path: str) -> bool:
    return any(name.endswith(f"/{path}") for name in _names(pipeline))


def _is_part(pipeline: Pipeline, path: str) -> bool:
    return len(path) > 1 and path in pipeline.name.casefold()


def _matches_glob(pipeline: Pipeline, glob: str) -> bool:
    return any(fnmatchcase(name, glob.casefold()) for name in _names(pipeline))


def _nothing(path: str, candidates: Sequence[Pipeline]) -> Nothing:
    by_name = {p.name.casefold(): p for p in candidates}
    close = get_close_matches(path.casefold(), by_name, n=3, cutoff=0.5)
    return Nothing(tuple(address(by_name[name]) for name in close))
