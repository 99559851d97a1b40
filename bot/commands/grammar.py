"""What a person typed → a command; pure.

Verb first, target second, filters anywhere; where, and until when, behind the target
(`mute release for 2h in #ci`). What stands in quotes is taken as it is: it holds no
number of a run and is no filter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from typing_extensions import override

from bot.commands.clauses import CLAUSES, IN, Clauses, Other, clauses
from bot.commands.times import Until
from bot.filters import ALL, Filters
from bot.terms import OF_WATCHES, Bad, Key, Term, read_term
from bot.tokens import Token, is_url, literal, plain, quoted, tokens
from bot.vocabulary import SYNONYMS, Verb

__all__ = ["LONGEST", "OF_ONE_RUN", "Command", "Unclear", "Verb", "parse", "typed"]

LONGEST = 1000
"""The longest text that is read, in characters; no question needs more."""

OF_ONE_RUN = frozenset({Verb.SHOW, Verb.LOG, Verb.FOLLOW, Verb.UNFOLLOW, Verb.WHY})
"""The verbs that take a run: a number may follow the target."""

WRITING = frozenset(
    {
        *(Verb.WATCH, Verb.UNWATCH, Verb.MUTE, Verb.UNMUTE, Verb.ACK, Verb.UNACK),
        *(Verb.FOLLOW, Verb.UNFOLLOW),
    }
)
"""The verbs that change something."""

READING_KEYS = frozenset(Key) - OF_WATCHES
WATCHING_KEYS = OF_WATCHES | {
    *(Key.BRANCH, Key.ACTOR, Key.TRIGGER, Key.NAME, Key.CONNECTION, Key.LONGER),
}
_KEYS: Mapping[Verb, frozenset[Key]] = {
    Verb.WATCH: WATCHING_KEYS,
    Verb.TEST: WATCHING_KEYS,
    **dict.fromkeys((Verb.WATCHES, Verb.MUTES), frozenset({Key.PAGE})),
    **dict.fromkeys(
        (Verb.UNWATCH, Verb.MUTE, Verb.UNMUTE, Verb.ACK, Verb.UNACK), frozenset[Key]()
    ),
}
"""The filters that the verbs take; those that are not here take what narrows runs."""

_ONCE = (OF_WATCHES - {Key.ON}) | {Key.LONGER}
"""The words of which a watch has one each."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked; without a target, everything is meant."""

    verb: Verb | None = None
    """`None` asks for what is red, running and waiting."""
    target: str | None = None
    run: str | None = None
    """The number or id of a run, for the verbs that take one."""
    filters: Filters = ALL
    channel: str | None = None
    """Slack's id of the channel it is about, where one is named."""
    until: Until | None = None

    @override
    def __str__(self) -> str:
        """Return the command as it would be typed; `parse` reads it back."""
        target = self.target and _target(self.target)
        run = f"#{literal(self.run)}" if self.run else None
        place = f"{IN} {self.channel}" if self.channel else None
        said = (self.verb, target, run, self.filters, self.until, place)
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
    verb = verb_of(words[0].text) if words else None
    if verb is not None:
        words = words[1:]
    elif words and is_url(words[0].text):
        verb = Verb.SHOW
    read = [read_term(word) for word in words]
    targets = [word for word, term in zip(words, read, strict=True) if term is None]
    wrong = [term for term in read if isinstance(term, Bad)]
    if wrong:
        right = _put_right(words, read)
        instead = tuple(str(c) for f in right for c in _meant(verb, targets, f))
        if verb in WRITING and not all(bad.is_near for bad in wrong):
            instead = ()  # an example is not what was meant
        return Unclear(wrong[0].what, instead or _explained(verb))
    filters = Filters(tuple(term for term in read if isinstance(term, Term)))
    if verb is None and targets:
        what = f"“{targets[0].text}” is not something I can do."
        meant = tuple(map(str, _meant(verb, targets, filters)))
        return Unclear(what, meant or (Verb.HELP,))
    return _command(verb, targets, filters)


def typed(verb: Verb, words: Sequence[str]) -> str:
    """Return a command as it would be typed, of words that a shell has taken apart.

    They may hold spaces, and quotes that are meant as they are.
    """
    return " ".join((verb, *(str(plain(word)) for word in words)))


def keys_of(verb: Verb | None) -> frozenset[Key]:
    """Return the keys of the filters that a verb takes."""
    return _KEYS.get(verb, READING_KEYS) if verb else READING_KEYS


def _command(
    verb: Verb | None, targets: list[Token], filters: Filters
) -> Command | Unclear:
    behind = clauses(verb, targets)
    targets, run = behind.rest, None
    if verb in OF_ONE_RUN and targets:
        run, targets = _run(targets)
    target = " ".join(word.text for word in targets)
    allowed = Filters(filters.of(*keys_of(verb)))
    _check_filters(behind, verb, allowed)
    command = Command(verb, target or None, run, allowed, behind.channel, behind.until)
    if behind.wrong:
        meant = [replace(command, **other) for other in behind.instead]
        instead = tuple(str(one) for one in meant if _is_read_back(one))
        return Unclear(behind.wrong, instead or _explained(verb))
    if allowed != filters:
        stray = next(t.key for t in filters.terms if t not in allowed.terms)
        # Without the word it may be another change than the one that was meant.
        instead = _explained(verb) if verb in WRITING else (str(command),)
        return Unclear(_stray(verb, stray), instead)
    return command


def _is_read_back(command: Command) -> bool:
    return parse(str(command)) == command


def _explained(verb: Verb | None) -> tuple[str, ...]:
    """Return the command that explains a verb: where nothing else is safe to offer."""
    return (f"{Verb.HELP} {verb}",) if verb in WRITING else (Verb.HELP,)


def _stray(verb: Verb | None, key: Key) -> str:
    """Return why a filter cannot stand there: nothing is passed over in silence."""
    name = verb or Verb.STATUS
    if key in OF_WATCHES:
        return f"“{key}:” says when a watch rings, and means nothing to {name}."
    if name in {Verb.WATCH, Verb.TEST}:
        return (
            f"“{key}:” is no part of a watch: say when it rings with on:, such as "
            "on:broken,fixed."
        )
    return f"{name} takes no “{key}:”; it goes by its target alone."


def _check_filters(found: Clauses, verb: Verb | None, filters: Filters) -> None:
    """Refuse a filter that is said several times, where a watch can have one."""
    if Key.ON not in keys_of(verb):
        return
    for key in Key:
        terms = tuple(dict.fromkeys(filters.of(key)))
        if key in _ONCE and len(terms) > 1:
            named = " and ".join(f"“{term}”" for term in terms)
            others = filters.without({key}).terms
            found.fail(
                f"{named} are said both: which one do you mean?",
                *(Other(filters=Filters((*others, term))) for term in terms),
            )


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
        return _commands(_command(verb, targets, filters))
    word, *rest = targets
    verbs = verbs_near(word.text)
    # A word that is no verb may well be a target: "runs release" is a fair question.
    asked = _command(Verb.STATUS, targets, filters)
    return _commands(*(_command(verb, rest, filters) for verb in verbs), asked)


def _commands(*found: Command | Unclear) -> tuple[Command, ...]:
    return tuple(command for command in found if isinstance(command, Command))


def verb_of(word: str) -> Verb | None:
    """Return the verb that a word is, or stands for."""
    # One word can be made of different characters: 상태, or a full-width letter.
    folded = unicodedata.normalize("NFKC", word).casefold()
    return Verb(folded) if folded in set(Verb) else SYNONYMS.get(folded)


def verbs_near(word: str) -> tuple[Verb, ...]:
    """Return the verbs that a word may have been meant as, the nearest first."""
    near = get_close_matches(word.casefold(), [*Verb, *SYNONYMS], n=2, cutoff=0.6)
    return tuple(dict.fromkeys(v for n in near if (v := verb_of(n)) is not None))


def _target(target: str) -> str:
    """Return how a target is typed, so that it is no filter."""
    shown = literal(target)
    is_plain = read_term(shown) is None and target.casefold() not in CLAUSES
    return shown if is_plain else quoted(target)
