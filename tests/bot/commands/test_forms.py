"""A watch goes through a form and comes out as what it was, whatever it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Form
from bot.commands.describing import choices_of
from bot.commands.forms import command_of, form_of, rehearsal_of
from bot.commands.gather import typed_again
from bot.commands.grammar import Command, parse
from bot.records import Event, Style, Watch
from tests.fakes.provider import NOON

NEW = Form(target="ci:release")


def kept(text: str) -> Watch:
    """Return the watch that a command makes."""
    command = parse(text)
    assert isinstance(command, Command), text
    return Watch(
        id="w7k3f",
        channel="C0CI",
        target=command.target or "",
        created_at=NOON,
        **choices_of(command.filters),
    )


def changed(form: Form, watch: Watch) -> Watch:
    """Return the watch after its form was submitted: its command, typed and read."""
    typed = typed_again(command_of(form))
    assert typed is not None
    command = parse(typed)
    assert isinstance(command, Command)
    assert command.target == watch.id
    return replace(watch, **choices_of(command.filters))


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        (NEW, "watch ci:release"),
        (replace(NEW, on=frozenset({Event.DONE})), "watch ci:release on:done"),
        (
            replace(NEW, branch="main, release/*"),
            "watch ci:release branch:main,release/*",
        ),
        (replace(NEW, branch=" -wip/* "), "watch ci:release -branch:wip/*"),
        (replace(NEW, branch=" , "), "watch ci:release"),
        (replace(NEW, branch="a b"), 'watch ci:release branch:a" "b'),
        (replace(NEW, mention="U0KIM"), "watch ci:release mention:U0KIM"),
        (replace(NEW, style=Style.EDIT), "watch ci:release style:edit"),
        (replace(NEW, channel="C0CI"), "watch ci:release in C0CI"),
    ],
)
def test_a_form_is_typed_as_short_as_it_can_be(form: Form, typed: str) -> None:
    command = command_of(form)
    assert typed_again(command) is not None
    assert command == parse(typed)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("watch ci:release", Form()),
        ("watch ci:release -branch:wip/*", Form(branch="-wip/*")),
        ("watch ci:release after:2 actor:kim", Form(rest="actor:kim after:2")),
        # Two filters, or a comma within a name, are more than the field can say.
        (
            "watch ci:release branch:r* -branch:rc*",
            Form(rest="branch:r* -branch:rc*"),
        ),
        ('watch ci:release branch:"a,b"', Form(rest='branch:"a,b"')),
        ("watch ci:release mention:S0TEAM", Form(rest="mention:S0TEAM")),
        ("watch ci:release mention:U0KIM", Form(mention="U0KIM")),
    ],
)
def test_what_has_no_field_stays_as_it_is(text: str, form: Form) -> None:
    found = form_of(kept(text))
    assert (found.branch, found.mention) == (form.branch, form.mention)
    assert parse(f"watch x {found.rest}") == parse(f"watch x {form.rest}")


FILTERS = st.lists(
    st.sampled_from(
        [
            *("branch:main", "branch:a,b", "-branch:x", 'branch:"a, b"', "branch:-x"),
            *("actor:kim", "-actor:*[bot]", "-actor:lee", "trigger:schedule"),
            *("on:broken", "on:done,stuck", "after:3", "queued:1h", "longer:30m"),
            *("mention:U0KIM", "mention:S0TEAM", "style:edit", "name:*n*"),
        ]
    ),
    max_size=6,
    unique_by=lambda typed: typed.replace("S0TEAM", "U0KIM"),
)


@given(filters=FILTERS)
def test_a_form_that_is_submitted_as_it_was_changes_nothing(
    filters: list[str],
) -> None:
    watch = kept(" ".join(("watch ci:release", *filters)))
    now = changed(form_of(watch), watch)

    assert replace(now, filters="") == replace(watch, filters="")
    # The order of filters says nothing.
    assert sorted(now.filters.split()) == sorted(watch.filters.split())


def test_how_long_is_too_long_goes_with_the_event_it_is_of() -> None:
    watch = kept("watch ci:release queued:1h longer:30m")
    form = replace(form_of(watch), on=frozenset({Event.BROKEN, Event.SLOW}))

    now = changed(form, watch)

    assert now.on == {Event.BROKEN, Event.SLOW}
    assert (now.queued, now.longer) == (None, watch.longer)


def test_a_person_takes_the_place_of_a_group_that_was_mentioned() -> None:
    watch = kept("watch ci:release mention:S0TEAM")
    form = form_of(watch)

    assert changed(form, watch).mention == "S0TEAM"
    assert changed(replace(form, mention="U0KIM"), watch).mention == "U0KIM"


@given(branch=st.text(max_size=50))
def test_what_is_typed_as_branches_is_typable_or_known_not_to_be(branch: str) -> None:
    command = command_of(replace(NEW, branch=branch))
    typed = typed_again(command)
    assert typed is None or parse(typed) == command


def test_a_change_is_rehearsed_by_what_it_watches_and_not_by_its_name() -> None:
    form = form_of(kept("watch ci:release on:done"))
    assert rehearsal_of(form) == parse("test ci:release on:done")
