"""What is said beside the cards: in their threads, of many at once, of the watching."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.alerts import most_telling
from bot.records import FAILURES
from bot.render import words
from bot.render.alert.buttons import storm_buttons
from bot.render.alert.wording import (
    ACKED_MARK,
    SHORT,
    STORM_MARK,
    event_line,
    failing_lines,
    mark_of,
    note,
    progress_words,
    run_facts,
    run_link,
)
from bot.render.message import (
    Block,
    Element,
    Message,
    ago,
    bold,
    faint,
    header,
    lines,
    named,
    plain,
    preformatted,
    row,
)
from providers.model import State

if TYPE_CHECKING:
    from bot.alerts import Said, Storm, StormLine, Update

MOST_LINES = 20
"""How much of a storm is listed; the rest is counted."""


def update(alert: Update, now: datetime) -> Message:
    """Return what is said in a card's thread: no buttons, and it rings nobody."""
    run = alert.run
    event, since = alert.event, alert.red_since
    said = progress_words(event, run, since, now, alert.streak)
    more = note(event, alert.limit, is_usual=alert.is_usual)
    line = [
        plain(f"{mark_of(alert.event, run)} "),
        bold(said),
        plain("  "),
        *row(run_link(alert.pipeline, run), *run_facts(run, now)),
    ]
    rows = [line]
    if alert.event in FAILURES:
        rows += failing_lines(run)
    elif more:
        rows.append([plain(more)])
    if alert.log_of:
        rows.append([plain("Log of "), bold(alert.log_of)])
    blocks: list[Block] = [lines(rows)]
    if alert.log and alert.log.strip():
        blocks.append(preformatted(alert.log.strip("\n")))
    return Message.of(f"{words.run_name(alert.pipeline, run)} {said}", blocks)


def said(alert: Said, now: datetime) -> Message:
    """Return a notice about the watching itself."""
    state = State.SUCCEEDED if alert.is_over else alert.state
    mark = words.MARKS[state] if state else words.TROUBLE_MARK
    what: list[Element] = [plain(f"{mark} "), bold(alert.what)]
    if alert.channel:
        what += [plain(" "), named(alert.channel)]
    if alert.since:
        since = " after trouble since " if alert.is_over else " since "
        what += [plain(since), ago(alert.since, now)]
    rows = [what, *([[faint(alert.advice)]] if alert.advice else [])]
    where = f" {alert.channel}" if alert.channel else ""
    advice = f". {alert.advice}" if alert.advice else ""
    return Message.of(f"{mark} {alert.what}{where}{advice}", [lines(rows)])


def storm(alert: Storm, now: datetime) -> Message:
    """Return one message for many; as long as some of it is red, with its buttons."""
    where = f" in {alert.connection}" if alert.connection else ""
    blocks: list[Block] = []
    rows = _storm_lines(alert, now)
    if alert.is_over:
        title = f"The storm{where} is over: {_how_it_ended(alert)}"
        mark = words.MARKS[State.FAILED if alert.red else State.SUCCEEDED]
        rows = [[plain(f"{mark} "), bold(title)], *rows]
    else:
        title = f"{alert.count} alerts at once{where}"
        blocks.append(header(f"{STORM_MARK} {title}"))
    if alert.acked_by:
        rows.append([plain(f"{ACKED_MARK} acknowledged by "), named(alert.acked_by)])
    if rows:
        blocks.append(lines(rows))
    is_red = alert.lines and (alert.red or not alert.is_over)
    pressable = storm_buttons(alert) if is_red else None
    text = _storm_text(title, alert.lines)
    return Message.of(text, [*blocks, *([pressable] if pressable else [])])


def _how_it_ended(alert: Storm) -> str:
    if not alert.red:
        return "nothing of it is red any more"
    if alert.red == alert.count:
        return "all of it is still red"
    return f"{alert.red} of {alert.count} still red"


def _storm_lines(alert: Storm, now: datetime) -> list[list[Element]]:
    kept = most_telling(alert.lines, MOST_LINES)
    rows = [
        event_line(line.event, _line_words(line, now), line.pipeline, line.run, now)
        for line in kept
    ]
    if kept and (more := alert.count - len(kept)) > 0:
        rows.append([faint(f"… and {more} more")])
    return rows


def _line_words(line: StormLine, now: datetime) -> str:
    return progress_words(line.event, line.run, line.red_since, now, line.streak)


def _storm_text(title: str, listed: Sequence[StormLine]) -> str:
    some = "; ".join(
        f"{words.run_name(line.pipeline, line.run)} {SHORT[line.event]}"
        for line in listed[:5]
    )
    return f"{title}: {some}" if some else title
