"""The answers about watching: what was changed, who watches what, and why it rang."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from bot.answers import Mutes, Rehearsal, Watches, Why, Wrote
from bot.records import Origin, Ruling
from bot.render import words
from bot.render.message import (
    LONGEST_WORD,
    Block,
    Element,
    Message,
    ago,
    bold,
    clip,
    code,
    faint,
    header,
    lines,
    link,
    named,
    plain,
    printable,
    section,
)
from bot.render.rows import run_line, trouble_text, troubled

if TYPE_CHECKING:
    from bot.answers import Offer, PublicLine, Reasoning, WatchRow
    from bot.records import Verdict

MOST_RINGINGS = 10
MOST_VERDICTS = 6
LONGEST_ROW = 600
LONGEST_SENTENCE = 2000
# https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
MOST_IN_A_MENU = 5
LONGEST_MENU_VALUE = 150
LONGEST_MENU_LABEL = 75

RULED = {Ruling.RING: "🔔 rang", Ruling.MUTED: "🔕 muted", Ruling.QUIET: "· quiet"}
"""What became of it; never shown as a mark alone."""


def watching(
    answer: Wrote | Watches | Mutes | Rehearsal | Why, now: datetime
) -> Message:
    """Return the message that says an answer about watching."""
    match answer:
        case Wrote():
            return wrote(answer, now)
        case Watches():
            return watches(answer)
        case Mutes():
            return mutes(answer)
        case Rehearsal():
            return rehearsal(answer, now)
        case Why():
            return why(answer, now)


def wrote(answer: Wrote, now: datetime) -> Message:
    """Return what was changed, as it was understood."""
    rows: list[list[Element]] = [_long(answer.sentence)]
    if answer.typed:
        rows.append([plain("The same, typed: "), *_long(answer.typed, is_code=True)])
    rows += [[faint(note)] for note in answer.notes]
    text = " ".join((answer.sentence, *answer.notes)).strip() or "…"
    blocks = [lines(rows), *troubled(answer.parts, now)]
    return Message.of(f"{text} {trouble_text(answer.parts)}".strip(), blocks)


def public_line(line: PublicLine) -> Message:
    """Return what everybody is told of a change, by whom; it rings nobody.

    So the text, which is what a notification shows, names nobody: `<@U…>` in a text
    notifies that person, and Slack's id alone says nothing.

    https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#user-element-type
    """
    said = [named(line.by), plain(" "), *_long(line.did)]
    return Message.of(f"Somebody {line.did}", [lines([said])])


def watches(answer: Watches) -> Message:
    """Return watches with a menu each, sorted by channel."""
    count = words.counted(answer.count, "watch", "watches")
    page = f" (page {answer.page})" if answer.page > 1 else ""
    title = f"{count} {answer.scope}{page}"
    blocks: list[Block] = [header(title)]
    for channel, rows in groupby(answer.rows, key=lambda row: row.watch.channel):
        blocks.append(lines([[plain("In "), named(channel)]]))
        blocks += [_watch(row) for row in rows]
    if not answer.rows:
        blocks.append(lines([[plain("Nobody is told of anything: watch begins it.")]]))
    some = "; ".join(f"{row.watch.id} {row.name}" for row in answer.rows)
    return Message.of(f"{title}. {some}".strip(), blocks)


def _watch(row: WatchRow) -> Block:
    watch = row.watch
    filed = (
        " · in runbell.yml, and changed there" if watch.origin is Origin.FILE else ""
    )
    muted = f" · muted {row.muted_until}" if row.muted_until else ""
    said = f"{watch.id} · {row.name}{filed}{muted}\n{row.what}"
    return section(_row_text(said), _menu(row.offers))


def mutes(answer: Mutes) -> Message:
    """Return what is silent, with a button each to hear it again."""
    count = words.counted(len(answer.rows), "thing is", "things are")
    title = f"{count} muted here" if answer.rows else "Nothing is muted here"
    blocks: list[Block] = [header(title)]
    for row in answer.rows:
        by: list[Element] = [plain(f"{row.mute.id} · {row.what}")]
        if row.mute.by:
            by += [plain(", by "), named(row.mute.by)]
        blocks.append(lines([by]))
    some = "; ".join(row.what for row in answer.rows)
    return Message.of(f"{title}. {some}".strip(), blocks)


def rehearsal(answer: Rehearsal, now: datetime) -> Message:
    """Return what a watch would have rung for."""
    count = len(answer.ringings)
    name = answer.watch.id or answer.watch.target
    times = words.counted(count, "time", "times")
    silent = "silent" if answer.is_known else "not known"
    title = f"{name} would have rung {times}" if count else f"{name}: {silent}"
    shown = answer.ringings[:MOST_RINGINGS]
    rows = [
        [bold(f"{one.event.value}  "), *run_line(one.pipeline, one.run, now)]
        for one in shown
    ]
    if count > len(shown):
        rows.append([plain(f"… and {count - len(shown)} more before")])
    blocks: list[Block] = [header(title), lines([_long(f"It rings {answer.what}.")])]
    if rows:
        blocks.append(lines(rows))
    if answer.notes:
        blocks.append(lines([[faint(note)] for note in answer.notes]))
    blocks += troubled(answer.parts, now)
    some = "; ".join(
        f"{one.event.value}: {words.run_name(one.pipeline, one.run)}"
        for one in shown[:5]
    )
    text = " ".join(filter(None, (*answer.notes, some)))
    return Message.of(f"{title}. {text} {trouble_text(answer.parts)}".strip(), blocks)


def why(answer: Why, now: datetime) -> Message:
    """Return what happened to a run, and what each watch here made of it."""
    blocks: list[Block] = [header(f"Why: {answer.about}")]
    blocks += [_reasoning(one, now) for one in answer.reasonings]
    notes = [[faint(note)] for note in answer.notes]
    if answer.elsewhere:
        count = words.counted(answer.elsewhere, "watch", "watches")
        notes.append([faint(f"{count} in other channels had a say as well.")])
    if answer.url:
        notes.append([link("Open the run", answer.url)])
    if notes:
        blocks.append(lines(notes))
    told = " ".join(one.happening.reason for one in answer.reasonings)
    return Message.of(f"{answer.about}: {told}", blocks)


def _reasoning(one: Reasoning, now: datetime) -> Block:
    happening = one.happening
    head = [bold(f"{happening.event.value}  "), plain(f"{happening.reason} ")]
    rows = [[*head, ago(happening.at, now)]]
    rows += [
        [
            plain(f"{RULED[verdict.ruling]}  {verdict.watch}  "),
            *_because(verdict),
            faint(f" Rule: {verdict.rule.replace('-', ' ')}"),
        ]
        for verdict in one.verdicts[:MOST_VERDICTS]
    ]
    if more := len(one.verdicts) - MOST_VERDICTS:
        rows += [[plain(f"… and {more} more watches")]] if more > 0 else []
    if not one.verdicts:
        rows.append([faint("No watch of this channel was asked about it.")])
    return lines(rows)


def _because(verdict: Verdict) -> list[Element]:
    """Return the reason; that of a mute begins with a person, whom Slack can name."""
    if verdict.ruling is not Ruling.MUTED:
        return [plain(verdict.reason)]
    who, _, did = verdict.reason.partition(" ")
    return [named(who), plain(f" {did}")]


def _menu(offers: Sequence[Offer]) -> Element | None:
    options = [
        {
            "text": {
                "type": "plain_text",
                "text": _menu_label(offer),
                "emoji": True,
            },
            "value": offer.command,
        }
        for offer in offers[:MOST_IN_A_MENU]
        if 0 < len(offer.command) <= LONGEST_MENU_VALUE
    ]
    if not options:
        return None
    return {"type": "overflow", "action_id": "more", "options": options}


def _menu_label(offer: Offer) -> str:
    return clip(printable(offer.label).strip(), LONGEST_MENU_LABEL) or "…"


def _row_text(text: str) -> str:
    kept = (printable(line) for line in text.splitlines())
    return clip("\n".join(kept).strip(), LONGEST_ROW) or "…"


def _long(text: str, *, is_code: bool = False) -> list[Element]:
    """Return a text that may be longer than a single name, whole."""
    kept = clip(text, LONGEST_SENTENCE)
    starts = range(0, len(kept), LONGEST_WORD)
    parts = [kept[start : start + LONGEST_WORD] for start in starts]
    return [code(part) if is_code else plain(part) for part in parts] or [plain("…")]
