"""What can be pressed below an answer, and what it asks."""

from __future__ import annotations

from dataclasses import replace

from bot.answers import (
    Entry,
    Health,
    Help,
    Offer,
    Part,
    Pending,
    Problem,
    Row,
    RunList,
    Show,
)
from providers.model import (
    State,
)
from tests.bot.render.drawn import (
    RELEASE,
    TROUBLE,
    names,
    pressable,
    row,
    shown,
    status_of,
)
from tests.fakes.provider import make_run


def test_a_status_can_be_refreshed_and_looked_into() -> None:
    answer = replace(status_of(row("bad", 2, State.FAILED)), again="status ci")

    menu, refresh = pressable(answer)

    [option] = menu["options"]
    assert option["value"] == "show ci:bad #2"
    assert option["text"]["text"] == "❌ bad #2 failed"
    assert refresh["value"] == "status ci"
    assert names(answer, is_private=True) == ["open", "refresh", "share"]


def test_only_what_is_shown_is_in_the_menu() -> None:
    many = [row(f"ok-{n:02}", 1, State.SUCCEEDED) for n in range(20)]
    never = Row(pipeline=RELEASE)

    menu = pressable(replace(status_of(*many, never), page=2))[0]

    values = [option["value"] for option in menu["options"]]
    assert values == [f"show ci:ok-{n:02} #1" for n in range(12, 20)]


def test_a_run_whose_address_does_not_fit_is_left_out_of_the_menu() -> None:
    long = replace(row("bad", 2, State.FAILED), opens="show " + "x" * 150)

    assert names(status_of(long)) == []


def test_a_later_page_shows_what_the_first_one_counted() -> None:
    many = [row(f"ok-{n:02}", 1, State.SUCCEEDED) for n in range(20)]
    other = Part(connection="ml", title="Fake ML", rows=(many[0],))
    first = status_of(*many, row("bad", 2, State.FAILED))
    second = replace(
        first,
        parts=(*first.parts, other),
        page=2,
        previous="status",
        again="status page:2",
    )

    text = shown(second)

    assert text.startswith("1 failed, 21 passed (page 2 of 2)\n")
    assert "ok-11 #1" in text
    assert "ok-10 #1" not in text
    assert "… and" not in text
    assert "ml  Fake ML" not in text
    assert names(second) == ["open", "refresh", "previous"]


def test_a_list_leads_to_its_other_pages() -> None:
    entry = Entry(pipeline=RELEASE, run=make_run(RELEASE.ref, 3), opens="show r #3")
    answer = RunList(
        asked="r",
        entries=(entry,),
        pipelines=1,
        page=2,
        again="list r page:2",
        previous="list r",
        next="list r page:3",
    )

    assert shown(answer).startswith("r: 1 run (page 2)\n")
    assert {e["action_id"]: e.get("value") for e in pressable(answer)} == {
        "open": None,
        "refresh": "list r page:2",
        "previous": "list r",
        "next": "list r page:3",
    }


def test_a_run_leads_to_its_log_and_to_where_it_runs() -> None:
    run = make_run(RELEASE.ref, 12, State.FAILED, url="https://ci.example/12")
    answer = Show(pipeline=RELEASE, run=run, log="log r #12", again="show r #12")

    log, refresh, link = pressable(answer)

    assert (log["action_id"], log["value"]) == ("log", "log r #12")
    assert refresh["value"] == "show r #12"
    assert (link["action_id"], link["url"]) == ("link", "https://ci.example/12")


def test_a_problem_offers_what_to_ask_instead_and_to_try_again() -> None:
    offers = tuple(Offer(label=f"pipe {n}", command=f"show {n}") for n in range(3))
    part = Part(connection="ml", title="CI", trouble=TROUBLE)
    problem = Problem(what="Which?", instead=offers, again="show x")

    choices = pressable(problem)

    assert [e["action_id"] for e in choices] == ["choice.0", "choice.1", "choice.2"]
    assert [e["text"]["text"] for e in choices] == ["pipe 0", "pipe 1", "pipe 2"]
    assert names(replace(problem, instead=(), parts=(part,))) == ["refresh"]
    assert names(problem, is_private=True) == ["choice.0", "choice.1", "choice.2"]


def test_the_bare_command_is_a_button_without_a_value() -> None:
    [refresh] = pressable(Health(pulses=(), again=""))

    assert refresh["action_id"] == "refresh"
    assert "value" not in refresh


def test_help_and_what_is_awaited_have_nothing_to_press() -> None:
    help_ = Help(command="/ci", connections=(), groups=(), aliases=())

    assert names(help_, is_private=True) == []
    assert names(Pending(connections=("ci",)), is_private=True) == []
