"""Which pipelines of a connection its watches mean; pure.

A target is resolved anew whenever the watches or the pipelines change, so that a glob
finds what is new. One that was written as an address means that pipeline for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.catalog import Found, Locate, Words, connections_of, resolve
from bot.filters import read_filters
from bot.records import Mute, Watch
from providers.model import Pipeline, PipelineRef

_NO_WORDS = Words(groups={}, aliases={})


@dataclass(frozen=True, slots=True)
class Watched:
    """A pipeline, and who watches it."""

    pipeline: Pipeline
    watches: tuple[Watch, ...]
    among: tuple[Pipeline, ...] = field(default=(), compare=False, repr=False)
    """All pipelines of its connection: what a target means depends on the others."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a connection's watches cover."""

    watched: Mapping[PipelineRef, Watched]
    matched: frozenset[str]
    """The ids of the watches that mean at least one of its pipelines."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is needed to read a target."""

    words: Words
    connections: tuple[str, ...]
    locate: Locate

    def reach(self, target: str) -> tuple[str, ...]:
        """Return the connections of which a target may mean a pipeline."""
        return connections_of(target, self.words, self.connections, self.locate)

    def concerns(self, target: str, connection: str) -> bool:
        """Return whether a target may mean a pipeline of this connection."""
        return connection in self.reach(target)

    def meant(
        self, target: str, connection: str, pipelines: tuple[Pipeline, ...]
    ) -> tuple[Pipeline, ...]:
        """Return which of a connection's pipelines, all of them given, a target means.

        Each part of a group is read by itself: one that means nothing here may mean
        something in another connection.
        """
        known = {**dict.fromkeys(self.connections, ()), connection: pipelines}
        others = frozenset(known) - {connection}
        found: dict[PipelineRef, Pipeline] = {}
        for part in self.words.spell_out(target):
            # Nobody reads here what else may have been meant, which costs most of all.
            resolution = resolve(
                part, _NO_WORDS, known, self.locate, others, suggests=False
            )
            if isinstance(resolution, Found):
                found |= {p.ref: p for p in resolution.pipelines}
        return tuple(p for p in pipelines if p.ref in found)

    def means(self, target: str, watched: Watched) -> bool:
        """Return whether a target means a watched pipeline."""
        pipeline = watched.pipeline
        connection = pipeline.ref.connection
        if _address(target) == pipeline.ref:
            return True
        if not self.concerns(target, connection):
            return False
        among = watched.among or (pipeline,)
        return pipeline in self.meant(target, connection, among)

    def silences(self, mute: Mute, watched: Watched) -> bool:
        """Return whether a mute is about this pipeline, or about a watch as such."""
        return mute.target is None or self.means(mute.target, watched)


def coverage(
    connection: str,
    watches: Sequence[Watch],
    pipelines: Sequence[Pipeline],
    targets: Targets,
) -> Coverage:
    """Return which of a connection's pipelines are watched, and by whom.

    What fits several single pipelines means none of them: a watch never guesses.
    """
    among = tuple(pipelines)
    by_ref = {pipeline.ref: pipeline for pipeline in among}
    found: dict[PipelineRef, list[Watch]] = {}
    for watch in watches:
        # Most targets are addresses, and there may be thousands: no search for those.
        exact = by_ref.get(_address(watch.target))
        for pipeline in (
            (exact,) if exact else _meant(connection, watch, among, targets)
        ):
            found.setdefault(pipeline.ref, []).append(watch)
    return Coverage(
        watched={
            ref: Watched(by_ref[ref], tuple(watching), among)
            for ref, watching in found.items()
        },
        matched=frozenset(w.id for watching in found.values() for w in watching),
    )


def _address(target: str) -> PipelineRef:
    """Return the pipeline whose address a target is, if it is one."""
    connection, _, ident = target.partition(":")
    return PipelineRef(connection.casefold(), ident)


def _meant(
    connection: str, watch: Watch, among: tuple[Pipeline, ...], targets: Targets
) -> Sequence[Pipeline]:
    if not targets.concerns(watch.target, connection):
        return ()
    wanted = read_filters(watch.filters)
    meant = targets.meant(watch.target, connection, among)
    return [pipeline for pipeline in meant if wanted.wants_pipeline(pipeline)]
