"""Filters: several terms → which runs are wanted; pure.

Several filters mean *and*, and `*` in a value is anything. A provider is asked for as
much of it as it can narrow its list by; all of it is applied here too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from typing_extensions import override

from bot.terms import STATES, TRIGGERS, Key, Term, length, read_term
from bot.tokens import tokens
from providers.contract import RunQuery
from providers.globs import matches
from providers.model import Pipeline, Run, State


@dataclass(frozen=True, slots=True)
class Filters:
    """All filters of a question."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    @override
    def __str__(self) -> str:
        """Return the filters as they would be typed."""
        return " ".join(map(str, self.terms))

    @property
    def page(self) -> int:
        """Which page of the answer is wanted, counted from 1; the last word counts."""
        pages = [int(t.values[0]) for t in self.terms if t.key is Key.PAGE]
        return pages[-1] if pages else 1

    def of(self, *keys: Key) -> tuple[Term, ...]:
        """Return the terms of these keys, in their order."""
        return tuple(term for term in self.terms if term.key in keys)

    def without(self, keys: Collection[Key]) -> Filters:
        """Return the filters but for the terms of these keys."""
        return Filters(tuple(term for term in self.terms if term.key not in keys))

    def at_page(self, page: int) -> Filters:
        """Return the same filters for another page; the first one needs no word."""
        others = tuple(term for term in self.terms if term.key is not Key.PAGE)
        word = (Term(Key.PAGE, (str(page),)),) if page > 1 else ()
        return replace(self, terms=(*others, *word))

    @property
    def about_runs(self) -> bool:
        """Whether any filter looks at runs, and not at pipelines alone."""
        return any(term.key in _PASSES for term in self.terms)

    def wants_pipeline(self, pipeline: Pipeline) -> bool:
        """Return whether the runs of a pipeline can be meant at all."""
        return all(
            _alike(pipeline_value(term.key, pipeline), term.values) != term.is_not
            for term in self.terms
            if term.key in {Key.NAME, Key.CONNECTION}
        )

    def passes(self, run: Run, now: datetime) -> bool:
        """Return whether a run passes; what is not known passes no filter but a not."""
        return all(
            _PASSES[term.key](run, term.values, now) != term.is_not
            for term in self.terms
            if term.key in _PASSES
        )

    def query(self, pipeline: Pipeline, *, limit: int, now: datetime) -> RunQuery:
        """Return what a provider is asked: all that one question can hold of it."""
        wanted = [t for t in self.terms if not t.is_not]
        branches = [t.values[0] for t in wanted if _is_single(t, Key.BRANCH)]
        actors = [t.values[0] for t in wanted if _is_single(t, Key.ACTOR)]
        states = [t for t in wanted if t.key is Key.STATE]
        triggers = [t for t in wanted if t.key is Key.TRIGGER]
        spans = [
            s
            for t in wanted
            if t.key is Key.SINCE
            for v in t.values
            if (s := length(v))
        ]
        return RunQuery(
            pipeline=pipeline.ref,
            limit=limit,
            states=_states(states[0].values) if states else frozenset(),
            branch=branches[0] if branches else None,
            actor=actors[0] if actors else None,
            triggers=frozenset(TRIGGERS[v.casefold()] for v in triggers[0].values)
            if triggers
            else frozenset(),
            since=now - max(spans) if spans else None,
        )


ALL = Filters()
"""No filter: every run is meant."""


@lru_cache(maxsize=1024)
def read_filters(text: str) -> Filters:
    """Return the filters that `str()` wrote; what cannot be read narrows nothing.

    They were checked when they were typed: a word that means nothing any more must not
    keep a watch from ringing.
    """
    terms = (read_term(word) for word in tokens(text))
    return Filters(tuple(term for term in terms if isinstance(term, Term)))


def pipeline_value(key: Key, pipeline: Pipeline) -> str:
    """Return what a filter about pipelines looks at."""
    return pipeline.ref.connection if key is Key.CONNECTION else pipeline.name


def _is_single(term: Term, key: Key) -> bool:
    return term.key is key and len(term.values) == 1


def _states(values: tuple[str, ...]) -> frozenset[State]:
    return frozenset[State]().union(*(STATES[v.casefold()] for v in values))


def _alike(value: str | None, patterns: tuple[str, ...]) -> bool:
    if value is None:
        return False
    folded = value.casefold()
    return any(matches(folded, pattern.casefold()) for pattern in patterns)


def _is_recent(run: Run, values: tuple[str, ...], now: datetime) -> bool:
    spans = [span for v in values if (span := length(v)) is not None]
    return run.moment is not None and run.moment >= now - max(spans)


def _is_long(run: Run, values: tuple[str, ...], now: datetime) -> bool:
    spans = [span for v in values if (span := length(v)) is not None]
    took = run.took(now)
    return took is not None and took > min(spans)


Passes = Callable[[Run, tuple[str, ...], datetime], bool]

_PASSES: Mapping[Key, Passes] = {
    Key.STATE: lambda run, values, _: run.state in _states(values),
    Key.BRANCH: lambda run, values, _: _alike(run.branch, values),
    Key.ACTOR: lambda run, values, _: _alike(
        run.trigger.actor if run.trigger else None, values
    ),
    Key.TRIGGER: lambda run, values, _: (
        run.trigger is not None
        and run.trigger.kind in {TRIGGERS[v.casefold()] for v in values}
    ),
    Key.SINCE: _is_recent,
    Key.LONGER: _is_long,
}
