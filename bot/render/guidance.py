"""The answers about asking: help, what was not understood, what is still awaited."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Dialog, Help, Pending, Problem
from bot.records import Event
from bot.render import words
from bot.render.message import Element, Message, bold, code, faint, header, lines, plain
from bot.render.rows import trouble_text, troubled
from bot.render.usage import FILTERS, TARGET, USAGES
from bot.vocabulary import SYNONYMS, Verb

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
    """Return how to ask: all verbs, or the one that is asked about."""
    return _all_verbs(answer) if answer.verb is None else _one_verb(answer, answer.verb)


def _all_verbs(answer: Help) -> Message:
    command = answer.command
    usages = {
        command: "what is red, running or waiting",
        **{_use(command, verb): usage.does for verb, usage in USAGES.items()},
    }
    rows: list[list[Element]] = [
        [code(use), plain(f"  {does}")] for use, does in usages.items()
    ]
    rows.append([plain(TARGET)])
    rows.append([plain(FILTERS)])
    rows.append([plain(f"A watch rings on:{','.join(Event)}.")])
    known = (
        ("Connections", answer.connections),
        ("Groups", answer.groups),
        ("Aliases", answer.aliases),
    )
    rows += [
        [bold(f"{label}: "), plain(", ".join(names))] for label, names in known if names
    ]
    text = "Usage: " + "; ".join(usages)
    return Message.of(text, [header("What I can do"), lines(rows)])


def _one_verb(answer: Help, verb: Verb) -> Message:
    usage = USAGES[verb]
    use = _use(answer.command, verb)
    rows: list[list[Element]] = [[code(use), plain(f"  {usage.does}")]]
    rows += [[plain(sentence)] for sentence in usage.more]
    examples = [f"{answer.command} {example}" for example in usage.examples]
    rows += [[plain("For example "), code(example)] for example in examples]
    if others := [word for word, meant in SYNONYMS.items() if meant is verb]:
        rows.append([plain(f"Also: {', '.join(others)}")])
    text = f"{use}: {usage.does}. For example {' or '.join(examples)}"
    return Message.of(text, [header(f"Help: {verb}"), lines(rows)])


def _use(command: str, verb: Verb) -> str:
    return f"{command} {verb} {USAGES[verb].takes}".strip()


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
