"""A watch as a form, and a form as the command that does what it says; pure.

What a form has no field for (`after:`, `actor:`, …) goes through it unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.answers import Form
from bot.commands.describing import NO_BOTS, as_command
from bot.commands.grammar import Command, Verb
from bot.filters import Filters, read_filters
from bot.records import DEFAULT_EVENTS, Event, Style, Watch
from bot.terms import Key, Term

_DEPENDING = {Key.QUEUED: Event.STUCK, Key.LONGER: Event.SLOW}
"""What says how long is too long asks to hear of it, and goes when that is unticked."""


def form_of(watch: Watch, name: str = "") -> Form:
    """Return the form that changes a watch, filled in with what it says now.

    `name` is what people call what it watches, where that is known.
    """
    terms = as_command(watch).filters.terms
    branch = _field([term for term in terms if term.key is Key.BRANCH])
    is_person = watch.mention is not None and watch.mention[0] in "UW"
    shown = {Key.ON, Key.STYLE}
    shown |= {Key.BRANCH} if branch else set()
    shown |= {Key.MENTION} if is_person or watch.mention is None else set()
    rest = [term for term in terms if term.key not in shown]
    if sum(term.key is Key.ACTOR for term in rest) == 1:
        # It is added by default.
        rest = [term for term in rest if term != NO_BOTS]
    return Form(
        watch=watch.id,
        target=watch.target,
        name=name or watch.target,
        on=watch.on,
        branch=branch,
        mention=watch.mention if is_person else None,
        style=watch.style,
        rest=str(Filters(tuple(rest))),
    )


def command_of(form: Form) -> Command:
    """Return the command that makes or changes the watch; it may not be typable.

    What is as by default is left out, so that the short form can be learned from it.
    """
    # A watch that is named with no word beside it would be asked about, not changed.
    says_on = form.watch is not None or form.on != DEFAULT_EVENTS
    on = tuple(event.value for event in Event if event in form.on)
    own = (
        _branch(form.branch),
        Term(Key.ON, on) if says_on else None,
        Term(Key.MENTION, (form.mention,)) if form.mention else None,
        Term(Key.STYLE, (form.style.value,)) if form.style is not Style.BOTH else None,
    )
    terms = (*_kept(form), *(term for term in own if term))
    target = form.watch or form.target
    return Command(Verb.WATCH, target, filters=Filters(terms), channel=form.channel)


def rehearsal_of(form: Form) -> Command:
    """Return the command that tells what such a watch would have rung for."""
    typed = command_of(form)
    return Command(Verb.TEST, form.target, filters=typed.filters, channel=form.channel)


def _kept(form: Form) -> Iterable[Term]:
    for term in read_filters(form.rest).terms:
        is_replaced = term.key is Key.MENTION and form.mention is not None
        event = _DEPENDING.get(term.key)
        if not is_replaced and (event is None or event in form.on):
            yield term


def _field(terms: list[Term]) -> str:
    """Return branches as they are filled in; empty where a field cannot hold them."""
    if len(terms) != 1:
        return ""
    [term] = terms
    text = f"{'-' if term.is_not else ''}{', '.join(term.values)}"
    return text if _branch(text) == term else ""


def _branch(text: str) -> Term | None:
    said = text.strip()
    parts = (part.strip() for part in said.removeprefix("-").split(","))
    values = tuple(part for part in parts if part)
    is_not = said.startswith("-")
    return Term(Key.BRANCH, values, is_not) if values else None
