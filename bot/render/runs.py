"""The answer to `list`: recent runs, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.render import words
from bot.render.message import Block, Message, header, lines, plain
from bot.render.rows import pipeline_line, run_line, trouble_text, troubled

if TYPE_CHECKING:
    from bot.answers import RunList


def runs(answer: RunList, now: datetime) -> Message:
    """Return recent runs as a message."""
    about = f"{answer.asked}: " if answer.asked else ""
    found = words.counted(len(answer.entries), "run", "runs")
    if not answer.entries:
        found = "nothing readable" if answer.parts or answer.unread else "no runs"
    title = f"{about}{found}" + (", newest first" if len(answer.entries) > 1 else "")
    blocks: list[Block] = [header(title)]
    if answer.entries:
        rows = [run_line(e.pipeline, e.run, now) for e in answer.entries]
        blocks.append(lines(rows))
    if answer.unread:
        blocks.append(lines([pipeline_line(entry, now) for entry in answer.unread]))
    if notes := _notes(answer):
        blocks.append(lines([[plain(note)] for note in notes]))
    blocks += troubled(answer.parts, now)
    newest = "; ".join(
        f"{e.pipeline.name}"
        + (f" #{e.run.number}" if e.run.number is not None else "")
        + f" {words.run_word(e.run)}"
        for e in answer.entries[:5]
    )
    text = f"{title}." + (f" {newest}." if newest else "")
    return Message.of(f"{text} {trouble_text(answer.parts)}".strip(), blocks)


def _notes(answer: RunList) -> list[str]:
    """Return what the reader should know about how the list was made."""
    notes: list[str] = []
    if answer.latest_only:
        notes.append(
            f"Only the latest run of each of {answer.pipelines} pipelines was read; "
            "name one for its history."
        )
    elif answer.more:
        notes.append("There are older runs.")
    if answer.filtered_here:
        names = ", ".join(sorted(words.FILTERS[f] for f in answer.filtered_here))
        notes.append(f"The provider cannot filter by {names}: sifted here.")
    if answer.left_out:
        entries = words.counted(answer.left_out, "entry", "entries")
        notes.append(f"{entries} could not be read and are missing here.")
    return notes
