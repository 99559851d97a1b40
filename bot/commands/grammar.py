"""What a person typed → a command; pure.

Verb first, target second, filters anywhere. What stands in quotes is taken as it is: it
holds no number of a run and is no filter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from typing_extensions import override

from bot.filters import ALL, Bad, Filters, Term, read_term
from bot.tokens import Token, is_url, literal, plain, quoted, tokens
from bot.vocabulary import SYNONYMS, Verb

__all__ = ["LONGEST", "OF_ONE_RUN", "Command", "Unclear", "Verb", "parse", "typed"]

LONGEST = 1000
"""The longest text that is read, in characters; no question needs more."""

OF_ONE_RUN = frozenset({Verb.SHOW, Verb.LOG})
"""The verbs that take a run: a number may follow the target."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked; without a target, everything is meant."""

    verb: Verb | None = None
    """`None` asks for what is red, running and waiting."""
    target: str | None = None
    run: str | None = None
    """The number or id of a run, for the verbs that take one."""
    filters: Filters = ALL

    @override
    def __str__(self) -> str:
        """Return the command as it would be typed; `parse` reads it back."""
        target = self.target and _target(self.target)
        run = f"#{literal(self.run)}" if self.run else None
        said = (self.verb, target, run, self.filters)
        return " ".join(str(part) for part in said if part)


@dataclass(frozen=True, slots=True)
class Unclear:
    """Text that is no command."""

    what: str
    """What is wrong, in words for a person."""
    instead: tuple[str, ...] = ()
    """Commands that may have been meant."""


def parse(text: str, name: str = "") -> Command | Unclear:
    """Return the command in a text; any text at all gives one or says what is wrong.

    Args:
        text: What was typed; that Slack escapes what it hands on is undone.
        name: The slash command's name, such as `/runs`. A text may begin with it, as
            when a suggestion is pasted into a direct message.

    """
    if len(text) > LONGEST:
        what = (
            f"That is longer than {LONGEST} characters: more than any question needs."
        )
        return Unclear(what, (Verb.HELP,))
    words = list(tokens(text))
    if words and words[0].text.casefold() == name:
        words = words[1:]
    verb = _verb(words[0].text) if words else None
    if verb is not None:
        words = words[1:]
    elif words and is_url(words[0].text):
        verb = Verb.SHOW
    read = [read_term(word) for word in words]
    targets = [word for word, term in zip(words, read, strict=True) if term is None]
    wrong = [term for term in read if isinstance(term, Bad)]
    if wrong:
        meant = (c for f in _put_right(words, read) for c in _meant(verb, targets, f))
        return Unclear(wrong[0].what, tuple(map(str, meant)))
    filters = Filters(tuple(term for term in read if isinstance(term, Term)))
    if verb is None and targets:
        what = f"“{targets[0].text}” is not something I can do."
        return Unclear(what, tuple(map(str, _meant(verb, targets, filters))))
    return _command(verb, targets, filters)


def typed(verb: Verb, words: Sequence[str]) -> str:
    """Return a command as it would be typed, of words that a shell has taken apart.

    They may hold spaces, and quotes that are meant as they are.
    """
    return " ".join((verb, *(str(plain(word)) for word in words)))


def _command(verb: Verb | None, targets: list[Token], filters: Filters) -> Command:
    run: str | None = None
    if verb in OF_ONE_RUN and targets:
        run, targets = _run(targets)
    target = " ".join(word.text for word in targets)
    return Command(verb, target or None, run, filters)


def _run(targets: list[Token]) -> tuple[str | None, list[Token]]:
    """Return the run that is named at the end of a target, and the rest of it."""
    *before, last = targets
    mark = last.bare.rfind("#")
    # What follows the # of an address is a part of that address.
    if mark >= 0 and mark + 1 < len(last) and not is_url(last.text):
        rest = [last.cut(0, mark)] if mark else []
        return last.text[mark + 1 :], [*before, *rest]
    if before and last.bare.isdecimal():
        return last.text, before
    return None, targets


def _put_right(
    words: Sequence[Token], read: Sequence[Term | Bad | None]
) -> Iterator[Filters]:
    """Return the filters with others in place of those that cannot be."""
    options = [
        [term] if isinstance(term, Term) else _instead(word, term)
        for word, term in zip(words, read, strict=True)
        if term is not None
    ]
    for turn in range(max(map(len, options))):
        yield Filters(tuple(o[min(turn, len(o) - 1)] for o in options if o))


def _instead(word: Token, bad: Bad) -> list[Term]:
    # A *not* stays one, where there can be one.
    signs = ("-", "") if word.bare.startswith("-") else ("",)
    for sign in signs:
        read = (read_term(f"{sign}{other}") for other in bad.instead)
        if found := [term for term in read if isinstance(term, Term)]:
            return found
    return []


def _meant(
    verb: Verb | None, targets: list[Token], filters: Filters
) -> tuple[Command, ...]:
    """Return what may be meant; without a verb, the first of the targets may be one."""
    if verb is not None or not targets:
        return (_command(verb, targets, filters),)
    word, *rest = targets
    near = get_close_matches(word.text.casefold(), [*Verb, *SYNONYMS], n=2, cutoff=0.6)
    verbs = dict.fromkeys(v for n in near if (v := _verb(n)) is not None)
    # A word that is no verb may well be a target: "runs release" is a fair question.
    asked = _command(Verb.STATUS, targets, filters)
    return (*(_command(verb, rest, filters) for verb in verbs), asked)


def _verb(word: str) -> Verb | None:
    # One word can be made of different characters: 상태, or a full-width letter.
    folded = unicodedata.normalize("NFKC", word).casefold()
    return Verb(folded) if folded in set(Verb) else SYNONYMS.get(folded)


def _target(target: str) -> str:
    """Return how a target is typed, so that it is no filter."""
    shown = literal(target)
    return shown if read_term(shown) is None else quoted(target)
