"""What can be pressed below an answer; pure.

A button's value is the command that pressing it asks, as somebody would type it. What
each press does is decided in `bot.slack`; here it is only named and drawn.

https://docs.slack.dev/reference/block-kit/blocks/actions-block
https://docs.slack.dev/reference/block-kit/block-elements/button-element
https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from bot.answers import (
    Dialog,
    Health,
    Help,
    Log,
    Mutes,
    Pending,
    Problem,
    Rehearsal,
    RunList,
    Show,
    Status,
    Watches,
    Why,
    Wrote,
)
from bot.render import words
from bot.render.message import Block, Element, clip, is_address, printable

if TYPE_CHECKING:
    from bot.answers import Answer, Entry, MuteRow, Offer, Paged, Row

MOST_ELEMENTS = 25
LONGEST_LABEL = 75
LONGEST_VALUE = 2000
MOST_OPTIONS = 100
# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
LONGEST_OPTION = 150


class Press(StrEnum):
    """The kinds of press; the `action_id` begins with one of them."""

    REFRESH = "refresh"
    PREVIOUS = "previous"
    NEXT = "next"
    CHOICE = "choice"
    OPEN = "open"
    LOG = "log"
    SHARE = "share"
    LINK = "link"
    ACK = "ack"
    MUTE = "mute"
    UNMUTE = "unmute"
    MORE = "more"


def actions(answer: Answer, *, is_private: bool) -> Block | None:
    """Return the block with all that can be pressed; `None` where nothing can.

    Args:
        answer: what stands above it.
        is_private: one person sees it, who may want to share it.

    """
    found = [element for element in _elements(answer) if element is not None]
    if found and is_private and not isinstance(answer, Problem):
        share = _button(Press.SHARE, "Share here", _again(answer))
        found += [share] if share else []
    if not found:
        return None
    return {"type": "actions", "elements": found[:MOST_ELEMENTS]}


def _elements(answer: Answer) -> list[Element | None]:
    refresh = _button(Press.REFRESH, "Refresh", _again(answer))
    match answer:
        case Status() | RunList():
            return [_select(_rows(answer)), refresh, *_pager(answer)]
        case Show():
            page = answer.run.url or answer.pipeline.url
            return [
                _button(Press.LOG, "Log", answer.log),
                refresh,
                _link("Open where it runs", page),
            ]
        case Log() | Health():
            return [refresh]
        case Wrote() | Watches() | Mutes() | Rehearsal() | Why():
            return _of_watching(answer, refresh)
        case Problem() | Dialog():
            return _instead(answer)
        case Help() | Pending():
            return []
        case _:  # pragma: no cover - the type checker proves that there is none
            assert_never(answer)


def _instead(answer: Problem | Dialog) -> list[Element | None]:
    choices = [_choice(n, offer) for n, offer in enumerate(answer.instead)]
    if isinstance(answer, Dialog):
        opens = answer.opens
        return [_button(Press.OPEN, opens.label, opens.command), *choices]
    again = _button(Press.REFRESH, "Try again", _again(answer))
    return [*choices, again if answer.parts else None]


def _rows(answer: Status | RunList) -> Iterable[Row | Entry]:
    if isinstance(answer, RunList):
        return answer.entries
    return (row for part in answer.parts for row in answer.shown(part))


def _of_watching(
    answer: Wrote | Watches | Mutes | Rehearsal | Why, refresh: Element | None
) -> list[Element | None]:
    match answer:
        case Watches():
            return [refresh, *_pager(answer)]
        case Mutes():
            silent = [_unmute(n, row) for n, row in enumerate(answer.rows)]
            return [*silent[: MOST_ELEMENTS - 2], refresh]
        case Why():
            return [refresh, _link("Open where it runs", answer.url)]
        case Wrote():
            undo = _button(Press.CHOICE, "Undo", answer.undo, 0)
            looks = [
                _button(Press.OPEN, offer.label, offer.command, number)
                for number, offer in enumerate(answer.offers)
            ]
            return [undo, *looks]
        case Rehearsal():
            return [refresh]


def _again(answer: Answer) -> str | None:
    # What was changed is not to be changed once more.
    return None if isinstance(answer, Dialog | Help | Pending | Wrote) else answer.again


def _unmute(number: int, row: MuteRow) -> Element | None:
    return _button(Press.UNMUTE, f"Unmute {row.mute.id}", row.unmute, number)


def _pager(answer: Paged) -> list[Element | None]:
    return [
        _button(Press.PREVIOUS, "Previous", answer.previous),
        _button(Press.NEXT, "Next", answer.next),
    ]


def _choice(number: int, offer: Offer) -> Element | None:
    return _button(Press.CHOICE, offer.label, offer.command, number)


def _button(
    press: Press, label: str, command: str | None, number: int | None = None
) -> Element | None:
    """Return a button; `None` where there is no command, or none that fits."""
    if command is None or len(command) > LONGEST_VALUE:
        return None
    # The ids within a block have to differ.
    action_id = press.value if number is None else f"{press.value}.{number}"
    text = {"type": "plain_text", "text": _label(label), "emoji": True}
    # Without a value the bare command is meant: an empty one may not be sent.
    value = {"value": command} if command else {}
    return {"type": "button", "action_id": action_id, "text": text, **value}


def _link(label: str, url: str | None) -> Element | None:
    if not is_address(url):
        return None
    text = {"type": "plain_text", "text": _label(label), "emoji": True}
    return {"type": "button", "action_id": Press.LINK.value, "text": text, "url": url}


def _select(rows: Iterable[Row | Entry]) -> Element | None:
    """Return the menu of the runs shown; what does not fit into it is left out."""
    options = {
        row.opens: _option(row)
        for row in rows
        if row.opens and len(row.opens) <= LONGEST_OPTION
    }
    if not options:
        return None
    return {
        "type": "static_select",
        "action_id": Press.OPEN.value,
        "placeholder": {"type": "plain_text", "text": "Look at a run…", "emoji": True},
        "options": list(options.values())[:MOST_OPTIONS],
    }


def _option(row: Row | Entry) -> Element:
    run = row.run
    label = row.pipeline.name
    if run is not None:
        name = words.run_name(row.pipeline, run)
        label = f"{words.MARKS[run.state]} {name} {words.run_word(run)}"
    return {
        "text": {"type": "plain_text", "text": _label(label), "emoji": True},
        "value": row.opens,
    }


def _label(text: str) -> str:
    return clip(printable(text).strip(), LONGEST_LABEL) or "…"
