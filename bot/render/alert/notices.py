"""What is said beside the cards: in their threads, of many at once, of the watching."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.records import Event
from bot.render import words
from bot.render.alert.wording import (
    FAILURES,
    NOTES,
    SHORT,
    STORM_MARK,
    event_line,
    failing_lines,
    fixed_words,
    mark_of,
    red_for,
    run_facts,
    run_link,
    run_name,
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
    said = _update_words(alert, now)
    line = [
        plain(f"{mark_of(alert.event, run)} "),
        bold(said),
        plain("  "),
        *row(run_link(alert.pipeline, run), *run_facts(run, now)),
    ]
    rows = [line]
    if alert.event in FAILURES:
        rows += failing_lines(run)
    elif alert.event in NOTES:
        rows.append([plain(NOTES[alert.event])])
    if alert.log_of:
        rows.append([plain("Log of "), bold(alert.log_of)])
    blocks: list[Block] = [lines(rows)]
    if alert.log and alert.log.strip():
        blocks.append(preformatted(alert.log.strip("\n")))
    return Message.of(f"{run_name(alert.pipeline, run)} {said}", blocks)


def _update_words(alert: Update, now: datetime) -> str:
    if alert.event is Event.FIXED:
        return fixed_words(alert.run, alert.red_since, now, alert.streak)
    red = red_for(alert.red_since, now, alert.streak)
    if alert.event is Event.STILL_BROKEN and red:
        return f"{SHORT[alert.event]}, for {red}"
    return SHORT[alert.event]


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
    """Return one message for many."""
    where = f" in {alert.connection}" if alert.connection else ""
    if alert.is_over:
        over = f"The storm{where} is over"
        mark = words.MARKS[State.SUCCEEDED]
        rows = [[plain(f"{mark} "), bold(over)], *_storm_lines(alert, now)]
        return Message.of(_storm_text(over, alert.lines), [lines(rows)])
    title = f"{alert.count} alerts at once{where}"
    blocks: list[Block] = [header(f"{STORM_MARK} {title}")]
    if listed := _storm_lines(alert, now):
        blocks.append(lines(listed))
    return Message.of(_storm_text(title, alert.lines), blocks)


def _storm_lines(alert: Storm, now: datetime) -> list[list[Element]]:
    kept = alert.lines[:MOST_LINES]
    rows = [event_line(line.event, line.pipeline, line.run, now) for line in kept]
    if kept and (more := alert.count - len(kept)) > 0:
        rows.append([faint(f"… and {more} more")])
    return rows


def _storm_text(title: str, listed: Sequence[StormLine]) -> str:
    some = "; ".join(
        f"{run_name(line.pipeline, line.run)} {SHORT[line.event]}"
        for line in listed[:5]
    )
    return f"{title}: {some}" if some else title
