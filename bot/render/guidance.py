"""The answers about asking: help, what was not understood, what is still awaited."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Dialog, Help, Pending, Problem
from bot.filters import EXAMPLES, OF_WATCHES, Key
from bot.render import words
from bot.render.message import Element, Message, bold, code, faint, header, lines, plain
from bot.render.rows import trouble_text, troubled

if TYPE_CHECKING:
    from bot.answers import Offer


def guidance(answer: Help | Problem | Dialog | Pending, now: datetime) -> Message:
    """Return the message that says an answer about asking."""
    match answer:
        case Help():
            return help_(answer)
        case Problem():
            return problem(answer, now)
        case Dialog():
            return dialog(answer)
        case Pending():
            return pending(answer)


def help_(answer: Help) -> Message:
    """Return how to ask."""
    command = answer.command
    usages = (
        (command, "what is red, running or waiting"),
        (f"{command} status", "the latest run of every pipeline, worst first"),
        (f"{command} status <target>", "of these pipelines only"),
        (f"{command} list <target> is:red branch:main", "recent runs, newest first"),
        (f"{command} show <target> [number]", "one run: stages, what failed and why"),
        (f"{command} log <target> [number]", "the end of the log that says most"),
        (f"{command} watch <target> [on:… in #channel]", "say it here when it breaks"),
        (f"{command} watches", "what is watched here, to test, change or remove"),
        (f"{command} mute <target> for 2h", "silence, until then or until fixed"),
        (f"{command} ack", "in the thread of an alert: I am on it"),
        (f"{command} follow <target> [number]", "tell me when that run ends"),
        (f"{command} why <target> [number]", "which rule rang, which did not, and why"),
        (f"{command} health", "how each connection is"),
        (f"{command} help", "this"),
    )
    known = (
        ("Connections", answer.connections),
        ("Groups", answer.groups),
        ("Aliases", answer.aliases),
    )
    rows: list[list[Element]] = [
        [code(use), plain(f"  {what}")] for use, what in usages
    ]
    target = (
        "A target is a pipeline's name, connection:name, a glob such as release-*, "
        "a group or an alias."
    )
    rows.append([plain(target)])
    keys = ", ".join(
        f"{key.value}:" for key in Key if key not in {Key.PAGE, *OF_WATCHES}
    )
    rows.append([plain(f"Filters: {keys}; a - in front means not.")])
    ways = ", ".join(f"{key.value}:{EXAMPLES[key]}" for key in Key if key in OF_WATCHES)
    rows.append([plain(f"Of a watch also: {ways}.")])
    rows.append([code("page:2"), plain("  the next part of a long answer")])
    rows += [
        [bold(f"{label}: "), plain(", ".join(names))] for label, names in known if names
    ]
    text = "Usage: " + "; ".join(use for use, _ in usages)
    return Message.of(text, [header("What I can do"), lines(rows)])


def problem(answer: Problem, now: datetime) -> Message:
    """Return what is wrong with a question, and what to ask instead."""
    rows: list[list[Element]] = [[plain(answer.what)]]
    rows += [_offer(answer, offer) for offer in answer.instead]
    if answer.hint:
        rows.append([faint(answer.hint)])
    blocks = [lines(rows)]
    blocks += troubled(answer.parts, now)
    commands = "; ".join(_typed(answer, offer) for offer in answer.instead)
    instead = f" Try: {commands}." if commands else ""
    return Message.of(f"{answer.what}{instead} {trouble_text(answer.parts)}", blocks)


def dialog(answer: Dialog) -> Message:
    """Return what a form is for, where it is not open, and how to do without it."""
    rows: list[list[Element]] = [[plain(answer.what)]]
    rows += [_offer(answer, offer) for offer in answer.instead]
    if answer.hint:
        rows.append([faint(answer.hint)])
    text = " ".join(filter(None, (answer.what, answer.hint))) or "…"
    return Message.of(text, [lines(rows)])


def pending(answer: Pending) -> Message:
    """Return for whom an answer waits."""
    names = ", ".join(answer.connections)
    said = f"{words.PENDING_MARK} Still asking {names}. The answer follows."
    return Message.of(said, [lines([[plain(said)]])])


def _offer(answer: Problem | Dialog, offer: Offer) -> list[Element]:
    """Return how to ask instead, and what that is where the command does not say it."""
    line = [plain("• "), code(_typed(answer, offer))]
    if offer.label != offer.command:
        line.append(plain(f"  {offer.label}"))
    return line


def _typed(answer: Problem | Dialog, offer: Offer) -> str:
    return f"{answer.command} {offer.command}".strip()
