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
        found = _why_none(answer)
    order = ", newest first" if len(answer.entries) > 1 else ""
    page = f" (page {answer.page})" if answer.page > 1 else ""
    title = f"{about}{found}{order}{page}"
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
        f"{words.run_name(e.pipeline, e.run)} {words.run_word(e.run)}"
        for e in answer.entries[:5]
    )
    text = f"{title}." + (f" {newest}." if newest else "")
    return Message.of(f"{text} {trouble_text(answer.parts)}".strip(), blocks)


def _why_none(answer: RunList) -> str:
    """Return what an empty list means: nothing there, or nobody to say so."""
    troubles = [part.trouble for part in answer.parts]
    troubles += [row.trouble for row in answer.unread]
    if not troubles:
        return "no runs"
    is_pending = any(trouble and trouble.is_pending for trouble in troubles)
    return "nothing known yet" if is_pending else "nothing readable"


def _notes(answer: RunList) -> list[str]:
    """Return what the reader should know about how the list was made."""
    notes: list[str] = []
    if answer.latest_only:
        notes.append(
            f"Only the latest run of each of {answer.pipelines} pipelines was read; "
            "name one for its history."
        )
    elif answer.more:
        further = f" Add page:{answer.page + 1} for them." if answer.next else ""
        notes.append(f"There are older runs.{further}")
    if answer.filtered_here:
        names = ", ".join(sorted(words.FILTERS[f] for f in answer.filtered_here))
        notes.append(f"The provider cannot filter by {names}: sifted here.")
    if answer.left_out:
        entries = words.counted(answer.left_out, "entry", "entries")
        notes.append(f"{entries} could not be read and are missing here.")
    return notes
