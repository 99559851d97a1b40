"""The answer to `status`: worst first, per connection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.render import words
from bot.render.message import Block, Message, header, lines, plain
from bot.render.rows import part_title, pipeline_line, trouble_lines, trouble_text
from providers.model import State

if TYPE_CHECKING:
    from bot.answers import Part, Row, Status

MOST_ROWS = 12
"""How many pipelines of one connection are shown; the rest is counted."""

_WORST_FIRST = tuple(words.MARKS)


def status(answer: Status, now: datetime) -> Message:
    """Return the latest run of each pipeline as a message."""
    rows = [row for part in answer.parts for row in part.rows]
    summary = ", ".join(filter(None, (_tally(rows), _troubles(answer.parts))))
    summary = summary or "nothing to show"
    about = f"{answer.asked}: " if answer.asked else ""
    blocks: list[Block] = [header(f"{about}{summary}")]
    blocks += [
        _part(part, now, only_attention=answer.only_attention) for part in answer.parts
    ]
    if not answer.parts:
        blocks.append(lines([[plain("No connection has a pipeline yet.")]]))
    failed = [r for r in rows if r.run and r.run.state is State.FAILED]
    names = ", ".join(_name(r) for r in failed[:MOST_ROWS])
    text = f"{about}{summary}." + (f" Failed: {names}." if names else "")
    return Message.of(f"{text} {trouble_text(answer.parts)}".strip(), blocks)


def _troubles(parts: tuple[Part, ...]) -> str:
    """Return how many connections could not be read, where there are any."""
    count = sum(part.trouble is not None for part in parts)
    return (
        words.counted(count, "connection", "connections") + " not readable"
        if count
        else ""
    )


def _part(part: Part, now: datetime, *, only_attention: bool) -> Block:
    ordered = sorted(part.rows, key=_rank)
    loud = [row for row in ordered if not only_attention or _needs_attention(row)]
    shown = loud[:MOST_ROWS]
    hidden = [row for row in ordered if row not in shown]
    rows = [part_title(part, now), *trouble_lines(part, now)]
    rows += [pipeline_line(entry, now) for entry in shown]
    if hidden:
        and_more = f"… and {len(hidden)} more: " if shown else ""
        rows.append([plain(f"{and_more}{_tally(hidden)}")])
    if part.more:
        rows.append([plain("… and pipelines beyond those this connection lists")])
    if part.left_out:
        entries = words.counted(part.left_out, "entry", "entries")
        rows.append([plain(f"{words.TROUBLE_MARK} {entries} of its list not readable")])
    if not part.rows and part.trouble is None:
        rows.append([plain("no pipelines")])
    return lines(rows)


def _needs_attention(row: Row) -> bool:
    """Return whether somebody should look: it is not over, or it did not go well."""
    quiet = {State.SUCCEEDED, State.SKIPPED, State.CANCELED}
    return row.trouble is not None or (
        row.run is not None and row.run.state not in quiet
    )


def _rank(row: Row) -> tuple[int, str]:
    if row.trouble is not None:
        return -1, row.pipeline.name
    if row.run is None:
        return len(_WORST_FIRST), row.pipeline.name
    return _WORST_FIRST.index(row.run.state), row.pipeline.name


def _tally(rows: list[Row]) -> str:
    return words.tally([_word(row) for row in sorted(rows, key=_rank)])


def _word(row: Row) -> str:
    if row.trouble is not None:
        return "not readable"
    if row.run is None:
        return words.NEVER_RAN
    # "passed" must not swallow what only "completed".
    return words.run_word(row.run)


def _name(row: Row) -> str:
    number = row.run.number if row.run else None
    return row.pipeline.name + (f" #{number}" if number is not None else "")
