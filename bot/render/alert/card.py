"""The card of an incident: loud while it is red, one short line once it is fixed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.records import Event
from bot.render import words
from bot.render.alert.buttons import buttons
from bot.render.alert.wording import (
    ACKED_MARK,
    MUTED_MARK,
    SHORT,
    event_line,
    failing_lines,
    fixed_words,
    is_loud,
    mark_of,
    note,
    overdue_words,
    red_for,
    run_facts,
    run_link,
)
from bot.render.message import (
    Block,
    Element,
    Message,
    bold,
    header,
    lines,
    link,
    named,
    plain,
    row,
)

if TYPE_CHECKING:
    from bot.alerts import Card


def card(alert: Card, now: datetime) -> Message:
    """Return the card as it stands now."""
    if alert.event is Event.FIXED:
        return _fixed(alert, now)
    return _loud(alert, now) if is_loud(alert.event, alert.run) else _quiet(alert, now)


def _fixed(alert: Card, now: datetime) -> Message:
    run, name = alert.run, words.run_name(alert.pipeline, alert.run)
    said = fixed_words(run, alert.red_since, now, alert.streak)
    line = event_line(alert.event, said, alert.pipeline, run, now)
    return Message.of(f"{name} {said}{_on_branch(alert)}", [lines([line])])


def _loud(alert: Card, now: datetime) -> Message:
    run, name = alert.run, words.run_name(alert.pipeline, alert.run)
    word = words.run_word(run)
    title = f"{mark_of(alert.event, run)} {name} {word}"
    url = run.url or alert.pipeline.url
    facts = row(link("Open", url) if url else None, *run_facts(run, now))
    red = _red(alert, now)
    rows = [
        *([facts] if facts else []),
        *failing_lines(run),
        *([red] if red else []),
        *_people(alert),
    ]
    blocks: list[Block] = [header(title), *([lines(rows)] if rows else [])]
    path = run.failing_path
    where = f" in {' / '.join(task.name for task in path)}" if path else ""
    why = f": {path[-1].message}" if path and path[-1].message else ""
    length = f". Red for {_red_words(alert, now)}" if alert.streak > 1 else ""
    text = f"{name} {word}{_on_branch(alert)}{where}{why}{length}"
    return Message.of(text, [*blocks, *_pressable(alert)])


def _quiet(alert: Card, now: datetime) -> Message:
    run, event = alert.run, alert.event
    became = overdue_words(event, run)
    said = became or SHORT[event]
    rows = [event_line(event, said, alert.pipeline, run, now)]
    more = note(event, alert.limit, is_usual=alert.is_usual, is_past=bool(became))
    if more:
        own = " Its failure has an alert of its own." if alert.has_alert else ""
        rows.append([plain(f"{more}{own}")])
    rows += _people(alert)
    text = f"{words.run_name(alert.pipeline, run)} {said}{_on_branch(alert)}"
    # As of a fix, there is nothing left to be done about what has moved on.
    pressable = [] if became else _pressable(alert)
    return Message.of(text, [lines(rows), *pressable])


def _red(alert: Card, now: datetime) -> list[Element]:
    """Return how long it has been red, and which run broke it."""
    if alert.streak <= 1:
        return []
    said = [plain("Red for "), bold(_red_words(alert, now))]
    if alert.first_run is None or alert.first_run.ref == alert.run.ref:
        return said
    return [*said, plain(", since "), run_link(alert.pipeline, alert.first_run)]


def _red_words(alert: Card, now: datetime) -> str:
    return red_for(alert.red_since, now, alert.streak)


def _people(alert: Card) -> list[list[Element]]:
    """Return who is to know, who is on it, and who silenced it.

    A mention rings when a message is posted, not when it is edited; only a break rings.
    """
    rows: list[list[Element]] = []
    if alert.mention and alert.event is Event.BROKEN:
        rows.append([named(alert.mention)])
    if alert.acked_by:
        rows.append([plain(f"{ACKED_MARK} acknowledged by "), named(alert.acked_by)])
    if alert.muted_by:
        rows.append([plain(f"{MUTED_MARK} muted by "), named(alert.muted_by)])
    return rows


def _on_branch(alert: Card) -> str:
    return f" on {alert.run.branch}" if alert.run.branch else ""


def _pressable(alert: Card) -> list[Block]:
    block = buttons(alert)
    return [block] if block else []
