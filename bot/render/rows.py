"""The lines that make up an answer: a run, a pipeline, a connection, its trouble."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.render import words
from bot.render.message import (
    Block,
    Element,
    ago,
    bold,
    code,
    faint,
    lines,
    link,
    plain,
    row,
)

if TYPE_CHECKING:
    from bot.answers import Part, Row, Show, Trouble
    from providers.model import Pipeline, Run


NEWS = timedelta(seconds=30)
"""Trouble younger than this has just been met: since when says nothing yet."""


def run_line(pipeline: Pipeline, run: Run, now: datetime) -> list[Element]:
    """Return a run at a glance.

    Mark and word, pipeline with a link, number, branch, who, how long, how long ago.
    """
    took = run.took(now)
    return [
        plain(f"{words.MARKS[run.state]} {words.run_word(run)}  "),
        *row(
            link(words.run_name(pipeline, run), run.url or pipeline.url),
            code(run.branch) if run.branch else None,
            words.actor(run),
            words.duration(took) if took is not None else None,
            ago(run.moment, now) if run.moment else None,
        ),
    ]


def pipeline_line(entry: Row, now: datetime) -> list[Element]:
    """Return a pipeline with its latest run, or why there is none."""
    name = link(entry.pipeline.name, entry.pipeline.url)
    if entry.run is not None:
        return run_line(entry.pipeline, entry.run, now)
    if entry.trouble is not None and entry.trouble.is_pending:
        return [plain(f"{words.PENDING_MARK} still asking  "), name]
    if entry.trouble is not None:
        mark = plain(f"{words.TROUBLE_MARK} not readable  ")
        return [mark, *row(name, plain(_said(entry.trouble)))]
    return [plain(f"{words.NEVER_MARK} {words.NEVER_RAN}  "), name]


def part_title(part: Part, now: datetime) -> list[Element]:
    """Return a connection's name and vendor, and the age of what is not fresh."""
    title = [bold(part.connection), plain(f"  {part.title}")]
    if part.trouble and part.as_of:
        title += [plain("  —  last known, read "), ago(part.as_of, now)]
    return title


def trouble_lines(part: Part, now: datetime) -> list[list[Element]]:
    """Return what is wrong with a connection, since when, and what to do."""
    if part.trouble is None:
        return []
    trouble = part.trouble
    if trouble.is_pending:
        return [[plain(f"{words.PENDING_MARK} still asking {part.connection}")]]
    since: list[Element] = []
    if trouble.since is not None and now - trouble.since >= NEWS:
        since = [plain(" since "), ago(trouble.since, now)]
    what = [plain(f"{words.TROUBLE_MARK} "), bold(trouble.what), *since]
    request = f" (request id {trouble.request_id})" if trouble.request_id else ""
    return [
        what,
        [plain(f"{_said(trouble)}{request}")],
        [faint(trouble.advice)],
    ]


def trouble_of_run(answer: Show, now: datetime) -> list[list[Element]]:
    """Return why a run may be out of date, and how old what is shown is."""
    if answer.trouble is None:
        return []
    age = [plain("last known, read "), ago(answer.as_of, now)] if answer.as_of else []
    if answer.trouble.is_pending:
        return [[plain(f"{words.PENDING_MARK} still asking")], age]
    return [[plain(f"{words.TROUBLE_MARK} "), bold(answer.trouble.what)], age]


def troubled(parts: Sequence[Part], now: datetime) -> list[Block]:
    """Return a block for each connection that could not be read."""
    return [lines([part_title(p, now), *trouble_lines(p, now)]) for p in parts]


def trouble_text(parts: Sequence[Part]) -> str:
    """Return one sentence a connection in trouble."""
    return " ".join(
        f"{part.connection}: {_briefly(part.trouble)}."
        for part in parts
        if part.trouble
    )


def _briefly(trouble: Trouble) -> str:
    return "still asking" if trouble.is_pending else trouble.what


def _said(trouble: Trouble) -> str:
    return f"{trouble.detail} [{trouble.code}]" if trouble.code else trouble.detail
