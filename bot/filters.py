"""Filters: `key:value` → which runs are wanted; pure.

A comma means *or*, several filters mean *and*, a leading `-` means *not*, and `*` is
anything. A provider is asked for as much of it as it can narrow its list by; all
of it is applied here too.

`page:2` is written like a filter and narrows nothing: it says which part of a long
answer is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum

from typing_extensions import override

from bot.tokens import Token, literal, plain
from providers.contract import RunQuery
from providers.globs import matches
from providers.model import Pipeline, Run, State, TriggerKind


class Key(StrEnum):
    """What can be filtered by."""

    STATE = "state"
    BRANCH = "branch"
    ACTOR = "actor"
    TRIGGER = "trigger"
    SINCE = "since"
    LONGER = "longer"
    NAME = "name"
    CONNECTION = "connection"
    PAGE = "page"


SPELLINGS: Mapping[str, Key] = {
    **{key.value: key for key in Key},
    "is": Key.STATE,
    "status": Key.STATE,
    "event": Key.TRIGGER,
    "by": Key.ACTOR,
}
"""The keys, and what users of other bots type for them."""

STATES: Mapping[str, frozenset[State]] = {
    **{state.value: frozenset({state}) for state in State},
    "red": frozenset({State.FAILED}),
    "broken": frozenset({State.FAILED}),
    "green": frozenset({State.SUCCEEDED}),
    "passed": frozenset({State.SUCCEEDED}),
    "success": frozenset({State.SUCCEEDED}),
    "failure": frozenset({State.FAILED}),
    "cancelled": frozenset({State.CANCELED}),
    "active": frozenset({State.QUEUED, State.RUNNING, State.WAITING}),
    "over": frozenset(state for state in State if state.is_over),
}
"""The states, and what people call them."""

TRIGGERS: Mapping[str, TriggerKind] = {
    **{kind.value: kind for kind in TriggerKind},
    "pr": TriggerKind.CHANGE,
    "mr": TriggerKind.CHANGE,
    "cron": TriggerKind.SCHEDULE,
    "hand": TriggerKind.MANUAL,
}
"""What sets a run off, and what people call it."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(\d{1,6})(s|min|m|h|d|w)")
_PAGE = re.compile(r"0*[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Term:
    """One filter, as it was typed; the values are alternatives."""

    key: Key
    values: tuple[str, ...]
    is_not: bool = False

    @override
    def __str__(self) -> str:
        """Return the filter as it would be typed."""
        values = ",".join(map(literal, self.values))
        return f"{'-' if self.is_not else ''}{self.key.value}:{values}"


@dataclass(frozen=True, slots=True)
class Bad:
    """A filter that cannot be understood, and what could be written instead."""

    what: str
    instead: tuple[str, ...] = ()


def read_term(typed: Token | str) -> Term | Bad | None:
    """Return the filter in a word; `None` where it is not put like one.

    What stood in quotes is taken as it is: a colon or comma there divides nothing.
    """
    token = plain(typed) if isinstance(typed, str) else typed
    word = token.text
    is_not = token.bare.startswith("-")
    name, colon, _ = token.bare.removeprefix("-").partition(":")
    key = SPELLINGS.get(name.casefold())
    if not colon or key is None:
        return None
    parts = token.cut(token.bare.index(":") + 1).split(",")
    values = tuple(part.text for part in parts if part.text)
    term = Term(key, values, is_not)
    if not values:
        return Bad(f"“{word}” has no value.", (f"{name}:{EXAMPLES[key]}",))
    if key is Key.PAGE and (is_not or len(values) > 1):
        return Bad(
            f"“{word}” is no page: it is one number, counted from 1.",
            (f"{name}:{EXAMPLES[key]}",),
        )
    for value in values:
        if not _IS_VALUE[key](value):
            near = get_close_matches(value.casefold(), _known(key), n=3, cutoff=0.5)
            instead = tuple(f"{name}:{other}" for other in near)
            return Bad(
                f"“{value}” is nothing that {name}: can be.",
                instead or (f"{name}:{EXAMPLES[key]}",),
            )
    return term


EXAMPLES: Mapping[Key, str] = {
    Key.STATE: "failed",
    Key.BRANCH: "release/*",
    Key.ACTOR: "kim",
    Key.TRIGGER: "schedule",
    Key.SINCE: "2d",
    Key.LONGER: "30m",
    Key.NAME: "*nightly*",
    Key.CONNECTION: "shop",
    Key.PAGE: "2",
}


def length(text: str) -> timedelta | None:
    """Return a length of time such as `30m` or `2d`; `None` where it is none."""
    found = _LENGTH.fullmatch(text.casefold())
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def _anything(_: str) -> bool:
    return True


_IS_VALUE: Mapping[Key, Callable[[str], bool]] = {
    Key.STATE: lambda v: v.casefold() in STATES,
    Key.TRIGGER: lambda v: v.casefold() in TRIGGERS,
    Key.SINCE: lambda v: length(v) is not None,
    Key.LONGER: lambda v: length(v) is not None,
    Key.BRANCH: _anything,
    Key.ACTOR: _anything,
    Key.NAME: _anything,
    Key.CONNECTION: _anything,
    Key.PAGE: lambda v: _PAGE.fullmatch(v) is not None,
}


def _known(key: Key) -> list[str]:
    if key is Key.STATE:
        return list(STATES)
    return list(TRIGGERS) if key is Key.TRIGGER else []


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
