"""How pipelines are watched, and the watches that stand in the file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Event, Style, Watch
from bot.settings.exporting import written
from tests.bot.settings.reading import SHOP, Reader
from tests.bot.store.samples import NOON

ONE = "watches: [{target: shop, in: C0123456789"


def test_a_watch_of_the_file_has_the_defaults_of_one_that_is_typed(
    reader: Reader,
) -> None:
    (watch,) = reader.load(f"{ONE}}}]\n{SHOP}").watches
    assert (watch.target, watch.channel) == ("shop", "C0123456789")
    assert watch.on == {Event.BROKEN, Event.FIXED}
    assert watch.filters == "-actor:*[bot]"
    assert watch.default_branch_only
    assert watch.after == 1
    assert watch.mention is None
    assert watch.style is Style.BOTH


def test_a_watch_may_say_everything(reader: Reader) -> None:
    (watch,) = reader.load(
        """
        groups: {pay: ["shop:pay-*"]}
        watches:
          - target: pay
            in: U0123456789
            filters: 'by:kim  -branch:"a b",c'
            default_branch_only: false
            on: broken, Slow
            after: 3
            queued: 90m
            longer: 2h
            mention: S0123456789
            style: thread
            owner: W0123456789
        """
        + SHOP.replace("\n", "\n        ")
    ).watches
    assert watch.filters == 'actor:kim -branch:"a b",c'
    assert watch.on == {Event.BROKEN, Event.SLOW}
    assert (watch.queued, watch.longer) == (timedelta(minutes=90), timedelta(hours=2))
    assert (watch.mention, watch.style) == ("S0123456789", Style.THREAD)
    assert watch.owner == "W0123456789"


def test_nobody_is_mentioned_by_none_and_no_filter_is_an_empty_text(
    reader: Reader,
) -> None:
    (watch,) = reader.load(f"{ONE}, mention: none, filters: ''}}]\n{SHOP}").watches
    assert watch.mention is None
    assert watch.filters == ""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("on: red, x: 1", "x: there is no setting 'x' here; write one of: after,"),
        (
            "filter: x",
            "filter: there is no setting 'filter' here; did you mean filters",
        ),
        ("channel: C1", "channel: there is no setting 'channel' here; write one of"),
        ("on: sometimes", "on: 'sometimes' is nothing to ring on; write one or more"),
        ("on: []", "on: this names no event; write one or more of: broken, fixed"),
        ("on: {a: b}", "on: this names no event; write one or more of: broken, fix"),
        ("after: 0", "after: '0' cannot be used here; write 1 or more"),
        ("queued: 30", "queued: this is no length of time; write one such as 30m"),
        ("longer: 0m", "longer: this is no length of time; write one such as 30m"),
        ("longer: 999999d", "longer: this is too long; write at most 366d"),
        ("mention: '@kim'", "mention: '@kim' is no id of a person or group; write"),
        ("style: loud", "style: 'loud' cannot be used here; write one of: 'edit'"),
        ("filters: main", "filters: 'main' is no filter; write one such as branch"),
        ("filters: 'branch:'", "filters: “branch:” has no value; write one such as"),
        ("filters: 'is:red'", "filters: state:red does not say which runs count; d"),
        ("filters: 'page:2'", "filters: page:2 does not say which runs count; dele"),
        ("filters: 'longer:2h'", "filters: longer:2h does not say which runs count;"),
    ],
)
def test_each_wrong_value_is_one_problem_with_its_line(
    reader: Reader, more: str, told: str
) -> None:
    (problem,) = reader.problems(f"{ONE}, {more}}}]\n{SHOP}")
    assert problem.startswith(f"runbell.yml:1: watches[0].{told}")


@pytest.mark.parametrize("channel", ["'#deploys'", "deploys", "c0123456789", "CX"])
def test_a_channel_is_named_by_its_id(reader: Reader, channel: str) -> None:
    (problem,) = reader.problems(f"watches: [{{target: shop, in: {channel}}}]\n{SHOP}")
    shown = channel.strip("'")
    assert problem.startswith(
        f"runbell.yml:1: watches[0].in: '{shown}' is no id of a channel; write one such"
    )


def test_what_is_missing_is_told_by_the_name_it_has_in_the_file(
    reader: Reader,
) -> None:
    problems = reader.problems(f"watches:\n  - {{}}\n  - 5\n{SHOP}")
    assert problems[0].startswith("runbell.yml:2: watches[0].target: is missing; add a")
    assert problems[1].startswith(
        "runbell.yml:2: watches[0].in: is missing; add a line"
    )
    assert problems[2].startswith("runbell.yml:3: watches[1]: '5' is not a section")


def test_a_target_names_a_connection_there_is(reader: Reader) -> None:
    (problem,) = reader.problems(f"{ONE.replace('shop', 'shpo:a')}}}]\n{SHOP}")
    assert problem == (
        "runbell.yml:1: watches[0].target: 'shpo:a' names no connection before its "
        "colon; did you mean shop?"
    )


def test_the_same_watch_twice_is_a_problem_however_it_is_written(
    reader: Reader,
) -> None:
    (problem,) = reader.problems(
        f"""
watches:
  - {{target: shop, in: C0123456789}}
  - {{target: shop, in: C0123456789, on: [fixed, broken], after: 1}}
  - {{target: shop, in: C0123456789, on: slow}}
{SHOP}"""
    )
    assert problem == (
        "runbell.yml:4: watches[1]: this is the same watch as the one in line 3; "
        "delete one of them"
    )


def test_lengths_and_shares_have_their_defaults(reader: Reader) -> None:
    watch = reader.load(SHOP).watch
    assert watch.enabled
    assert (watch.idle, watch.running) == (timedelta(minutes=2), timedelta(seconds=15))
    assert watch.blind_after == timedelta(minutes=10)
    assert (watch.kept_for_people, watch.history_days) == (20, 30)
    assert watch.unknown_outcome == "lookup"
    assert (watch.storm, watch.storm_within) == (5, timedelta(minutes=2))


def test_a_channel_may_have_logs_or_none_whatever_the_others_have(
    reader: Reader,
) -> None:
    text = "watch: {log_in_thread: %s, channels: {C0000000: {log_in_thread: %s}}}\n%s"
    quiet = reader.load(text % ("true", "false", SHOP)).watch
    loud = reader.load(text % ("false", "true", SHOP)).watch
    assert [quiet.shows_log(c) for c in ("C0000000", "C1111111")] == [False, True]
    assert [loud.shows_log(c) for c in ("C0000000", "C1111111")] == [True, False]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("{idle: 1}", "idle: this is no number of seconds from 5 to 3600; write one"),
        ("{running: 300}", "running: running is longer than idle, so that what runs"),
        ("{idle: 10}", "idle: idle is shorter than running, so that what runs would"),
        ("{kept_for_people: 95}", "kept_for_people: '95' cannot be used here; write 9"),
        ("{history_days: 0}", "history_days: '0' cannot be used here; write 1 or more"),
        ("{storm: 1}", "storm: '1' cannot be used here; write 2 or more"),
        (
            "{storm_within: 5}",
            "storm_within: this is no number of seconds from 10 to 3",
        ),
        ("{unknown_outcome: x}", "unknown_outcome: 'x' cannot be used here; write one"),
        ("{channels: {a: {}}}", "channels.a: 'a' is no id of a channel; write one su"),
        (
            "{channels: {C0000000: {log: no}}}",
            "channels.C0000000.log: there is no setting 'log' here; write one of: log",
        ),
    ],
)
def test_each_wrong_setting_of_the_watch_is_one_problem(
    reader: Reader, lines: str, told: str
) -> None:
    (problem,) = reader.problems(f"watch: {lines}\n{SHOP}")
    assert problem.startswith(f"runbell.yml:1: watch.{told}")


IDS = st.from_regex(r"[CU][A-Z0-9]{8}", fullmatch=True)
LENGTHS = st.none() | st.integers(1, 999_999).map(lambda s: timedelta(seconds=s))
# A target with a colon has to name a connection.
TARGETS = st.sampled_from(["shop:", ""]).flatmap(
    lambda name: st.text(
        st.characters(exclude_categories=["C", "Z"], exclude_characters=":"),
        min_size=1,
        max_size=40,
    ).map(lambda rest: f"{name}{rest}")
)
FILTERS = st.lists(
    st.sampled_from(["branch:main", '-actor:"a b",c', "name:*x*", "-trigger:schedule"]),
    max_size=100,
).map(" ".join)
WATCHES = st.builds(
    Watch,
    id=st.just("w1"),
    channel=IDS,
    target=TARGETS,
    filters=FILTERS,
    on=st.frozensets(st.sampled_from(Event), min_size=1),
    after=st.integers(1, 99),
    queued=LENGTHS,
    longer=LENGTHS,
    default_branch_only=st.booleans(),
    mention=st.none() | IDS.map(lambda text: f"U{text[1:]}"),
    style=st.sampled_from(Style),
    owner=st.just("") | IDS.map(lambda text: f"U{text[1:]}"),
    created_at=st.just(NOON),
)


@given(watch=WATCHES)
def test_what_is_exported_is_read_as_the_same_watch(
    tmp_path_factory: pytest.TempPathFactory, watch: Watch
) -> None:
    reader = Reader(tmp_path_factory.getbasetemp())
    (read,) = reader.load(f"{written([watch])}\n{SHOP}").watches
    values: dict[str, Any] = read.model_dump()
    assert values.pop("owner") == (watch.owner or None)
    for name, value in values.items():
        assert value == getattr(watch, name), name


def test_an_export_leaves_out_what_is_usual() -> None:
    usual = Watch(
        id="w7k3f",
        channel="C0123456789",
        target="shop:${x}",
        filters="-actor:*[bot]",
        created_at=NOON,
    )
    assert written([usual]) == ("watches:\n- target: shop:$${x}\n  in: C0123456789\n")
