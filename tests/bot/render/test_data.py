"""Answers for programs: every fact once, and each field explained."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from bot.answers import (
    Answer,
    Dialog,
    Help,
    Mutes,
    Part,
    Pending,
    Problem,
    Rehearsal,
    Row,
    Standing,
    Status,
    Trouble,
    Watches,
    Why,
    Wrote,
)
from bot.render.data import data, names_of
from providers.model import Pipeline, PipelineRef, RunRef, State
from tests.fakes.provider import NOON, make_run

DOCS = Path(__file__).parents[3] / "docs" / "terminal.md"
ANSWERS = frozenset(get_args(Answer))
NEVER_IN_A_TERMINAL = frozenset(
    {
        Help,  # `runbell help` explains the commands of the terminal instead
        Pending,  # the terminal waits for the whole answer
        # Watches are kept by the bot that serves; a terminal asks no store.
        *(Wrote, Dialog, Watches, Mutes, Rehearsal, Why, Standing),
    }
)
AS_TEXT = frozenset({PipelineRef, RunRef})


def dataclasses_of(hint: Any) -> Iterator[type[Any]]:
    """Yield the dataclasses that a type may hold, at any depth."""
    seen: set[Any] = set(AS_TEXT | NEVER_IN_A_TERMINAL)
    to_see = [hint]
    while to_see:
        kind = to_see.pop()
        to_see += get_args(kind)
        if dataclasses.is_dataclass(kind) and kind not in seen:
            seen.add(kind)
            assert isinstance(kind, type)
            hints = get_type_hints(kind)
            to_see += [hints[name] for name in names_of(kind)]
            yield kind


def documented() -> Mapping[str, set[str]]:
    """Return the fields that docs/terminal.md explains, by heading."""
    sections = DOCS.read_text("utf-8").split("\n### ")[1:]
    found: dict[str, set[str]] = {}
    for section in sections:
        title, *lines = section.splitlines()
        cells = [line.split("|")[1] for line in lines if line.startswith("| `")]
        found[title.strip("`")] = set(re.findall(r"`(\w+)`", " ".join(cells)))
    return found


def test_each_field_is_explained_and_nothing_else_is() -> None:
    emitted = {
        kind.__name__.lower() if kind in ANSWERS else kind.__name__: set(names_of(kind))
        for kind in dataclasses_of(Answer)
    }

    assert documented() == emitted


def test_the_latest_run_is_said_once() -> None:
    ref = PipelineRef("ci", "release")
    run = make_run(ref, 12, State.FAILED)
    pipeline = Pipeline(ref=ref, name="release", latest=run)
    row = Row(pipeline=pipeline, run=run, opens="show ci:release #12")
    part = Part(connection="ci", title="CI", rows=(row,))

    said = json.dumps(data(Status(asked=None, parts=(part,), again="status")))

    assert said.count(str(run.ref)) == 1
    assert "latest" not in said
    assert "again" not in said


def test_what_is_not_known_is_left_out_and_times_are_text() -> None:
    trouble = Trouble(what="down", detail="HTTP 503", advice="Wait.", since=NOON)
    part = Part(connection="ci", title="CI", trouble=trouble, as_of=NOON)
    found = data(Problem(what="Nothing fits.", parts=(part,)))

    assert found["answer"] == "problem"
    assert "hint" not in found
    assert found["parts"][0]["trouble"] == {
        "what": "down",
        "detail": "HTTP 503",
        "advice": "Wait.",
        "since": NOON.isoformat(),
    }
