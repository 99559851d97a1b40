"""The answer to `status`: worst first, per connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.render import words
from bot.render.message import Block, Message, header, lines, plain
from bot.render.rows import part_title, pipeline_line, trouble_lines, trouble_text
from providers.model import State

if TYPE_CHECKING:
    from bot.answers import Part, Row, Status

MOST_NAMED = 12
"""How many failed pipelines the text names."""


def status(answer: Status, now: datetime) -> Message:
    """Return the latest run of each pipeline as a message."""
    rows = sorted(
        (row for part in answer.parts for row in part.rows), key=lambda row: row.rank
    )
    summary = ", ".join(filter(None, (_tally(rows), _troubles(answer.parts))))
    summary = summary or "nothing to show"
    about = f"{answer.asked}: " if answer.asked else ""
    page = f" (page {answer.page} of {answer.pages})" if answer.page > 1 else ""
    blocks: list[Block] = [header(f"{about}{summary}{page}")]
    # A later page tells again of no connection that has nothing on it.
    parts = [
        p for p in answer.parts if answer.page == 1 or answer.shown(p) or p.trouble
    ]
    blocks += [_part(answer, part, now) for part in parts]
    if not answer.parts:
        blocks.append(lines([[plain("No connection has a pipeline yet.")]]))
    failed = [r for r in rows if r.run and r.run.state is State.FAILED]
    names = ", ".join(_name(r) for r in failed[:MOST_NAMED])
    text = f"{about}{summary}." + (f" Failed: {names}." if names else "")
    return Message.of(f"{text} {trouble_text(answer.parts)}".strip(), blocks)


def _troubles(parts: tuple[Part, ...]) -> str:
    """Return how many connections could not be read, where there are any."""
    troubles = [part.trouble for part in parts if part.trouble]
    pending = sum(trouble.is_pending for trouble in troubles)
    count = len(troubles) - pending
    failed = words.counted(count, "connection", "connections") + " not readable"
    return ", ".join(
        filter(None, (failed if count else "", words.asked_still(pending)))
    )


def _part(answer: Status, part: Part, now: datetime) -> Block:
    shown, counted = answer.shown(part), answer.counted(part)
    rows = [part_title(part, now), *trouble_lines(part, now)]
    rows += [pipeline_line(entry, now) for entry in shown]
    if counted:
        and_more = f"… and {len(counted)} more: " if shown else ""
        rows.append([plain(f"{and_more}{_tally(counted)}")])
    if part.more:
        rows.append([plain("… and pipelines beyond those this connection lists")])
    if part.left_out:
        entries = words.counted(part.left_out, "entry", "entries")
        rows.append([plain(f"{words.TROUBLE_MARK} {entries} of its list not readable")])
    if not part.rows and part.trouble is None:
        rows.append([plain("no pipelines")])
    return lines(rows)


def _tally(rows: Sequence[Row]) -> str:
    return words.tally([_word(row) for row in rows])


def _word(row: Row) -> str:
    if row.trouble is not None:
        return "still asked" if row.trouble.is_pending else "not readable"
    if row.run is None:
        return words.NEVER_RAN
    # "passed" must not swallow what only "completed".
    return words.run_word(row.run)


def _name(row: Row) -> str:
    return words.run_name(row.pipeline, row.run) if row.run else row.pipeline.name
