"""Answers of any sort and size, and the limits of Slack's that hold all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.answers import (
    Answer,
    Dialog,
    Entry,
    Form,
    Health,
    Help,
    Log,
    MuteRow,
    Mutes,
    Offer,
    Part,
    Pending,
    Problem,
    Pulse,
    Reasoning,
    Rehearsal,
    Ringing,
    Row,
    RunList,
    Show,
    Status,
    Trouble,
    Watches,
    WatchRow,
    Why,
    Wrote,
)
from bot.demo.slack.blocks.check import check_blocks
from bot.records import (
    Event,
    Happening,
    Lineage,
    Mute,
    Origin,
    Ruling,
    Verdict,
    Watch,
)
from bot.render.actions import MOST_ELEMENTS, Press
from bot.render.message import MOST_BLOCKS, MOST_TEXT, Message, _weight
from providers.contract import Filter
from providers.model import (
    Commit,
    Fact,
    Identity,
    LogTail,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
    Trigger,
)
from tests.bot.render.drawn import (
    RELEASE,
)
from tests.fakes.provider import make_run

SIZES = [0, 1, 74, 149, 150, 151, 299, 300, 301, 2000, 3001]
TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(SIZES).map(lambda n: "x" * n),
    st.sampled_from(["<!here>", "&", "a|b>", "```", "\n\n", "“", "💥" * 80]),
)
MOMENT = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
TROUBLES = st.builds(
    Trouble,
    what=TEXT,
    detail=TEXT,
    advice=TEXT,
    since=st.none() | MOMENT,
    code=TEXT,
    is_pending=st.booleans(),
)
COMMANDS = st.none() | TEXT
OFFERS = st.lists(st.builds(Offer, label=TEXT, command=TEXT), max_size=30).map(tuple)
PIPELINES = st.builds(
    Pipeline,
    ref=st.builds(PipelineRef, TEXT, TEXT),
    name=TEXT,
    url=st.none() | TEXT | TEXT.map(lambda t: f"https://ci.example/{t}"),
)


LEAVES = st.builds(
    Task,
    kind=st.sampled_from(TaskKind),
    name=TEXT,
    state=st.sampled_from(State),
    message=st.none() | TEXT,
    started_at=st.none() | MOMENT,
)
TASKS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Task,
        kind=st.sampled_from(TaskKind),
        name=TEXT,
        state=st.sampled_from(State),
        children=st.lists(inner, max_size=4).map(tuple),
    ),
    max_leaves=30,
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    pipeline = draw(PIPELINES)
    which = draw(st.sampled_from(["run", "trouble", "never"]))
    if which == "trouble":
        return Row(pipeline=pipeline, trouble=draw(TROUBLES))
    run = draw(runs(pipeline)) if which == "run" else None
    return Row(pipeline=pipeline, run=run, opens=draw(COMMANDS))


@st.composite
def runs(draw: st.DrawFn, pipeline: Pipeline) -> Run:
    return make_run(
        pipeline.ref,
        draw(st.integers(0, 10**6)),
        draw(st.sampled_from(State)),
        native=draw(TEXT),
        reason=draw(st.none() | st.sampled_from(Reason)),
        branch=draw(st.none() | TEXT),
        trigger=draw(st.none() | st.builds(Trigger, actor=st.none() | TEXT)),
        started_at=draw(st.none() | MOMENT),
        tasks=draw(st.none() | st.lists(TASKS, max_size=4).map(tuple)),
        facts=draw(st.lists(st.builds(Fact, TEXT, TEXT), max_size=12).map(tuple)),
        title=draw(st.none() | TEXT),
        commit=draw(st.none() | st.builds(Commit, sha=TEXT, message=TEXT)),
        url=draw(st.none() | TEXT.map(lambda t: f"https://ci.example/{t}")),
    )


PARTS = st.builds(
    Part,
    connection=TEXT,
    title=TEXT,
    rows=st.lists(rows(), max_size=15).map(tuple),
    trouble=st.none() | TROUBLES,
    as_of=st.none() | MOMENT,
    more=st.booleans(),
)
ENTRIES = PIPELINES.flatmap(
    lambda p: st.builds(Entry, pipeline=st.just(p), run=runs(p), opens=COMMANDS)
)
TEXTS = st.lists(TEXT, max_size=6).map(tuple)
PLACES = st.sampled_from(["C0123", "U0123", "D0123", "odd id"])
PEOPLE = st.sampled_from(["U0123", "W0123", ""])
WATCHES = st.builds(
    Watch,
    id=TEXT,
    channel=PLACES,
    target=TEXT,
    filters=TEXT,
    origin=st.sampled_from(Origin),
    created_at=MOMENT,
)
MUTES = st.builds(
    Mute, id=TEXT, channel=PLACES, target=TEXT, by=PEOPLE, created_at=MOMENT
)
RINGINGS = PIPELINES.flatmap(
    lambda p: st.builds(
        Ringing,
        pipeline=st.just(p),
        run=runs(p),
        event=st.sampled_from(Event),
        at=MOMENT,
    )
)
REASONINGS = st.builds(
    Reasoning,
    happening=st.builds(
        Happening,
        key=TEXT,
        lineage=st.just(Lineage(RELEASE.ref, "branch:main")),
        run=st.just(RunRef(RELEASE.ref, "1")),
        event=st.sampled_from(Event),
        at=MOMENT,
        seen_at=MOMENT,
        reason=TEXT,
    ),
    verdicts=st.lists(
        st.builds(
            Verdict,
            happening=TEXT,
            watch=TEXT,
            ruling=st.sampled_from(Ruling),
            rule=TEXT,
            reason=TEXT,
            at=MOMENT,
        ),
        max_size=9,
    ).map(tuple),
)
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.builds(
        Status,
        asked=st.none() | TEXT,
        parts=st.one_of(
            st.lists(PARTS, max_size=3),
            PARTS.flatmap(
                lambda part: st.sampled_from([48, 49, 50, 60]).map(lambda n: [part] * n)
            ),
        ).map(tuple),
        only_attention=st.booleans(),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    st.builds(
        RunList,
        asked=st.none() | TEXT,
        entries=st.lists(ENTRIES, max_size=10).map(tuple),
        pipelines=st.integers(0, 99),
        latest_only=st.booleans(),
        more=st.booleans(),
        filtered_here=st.frozensets(st.sampled_from(Filter)),
        left_out=st.integers(0, 3),
        unread=st.lists(rows(), max_size=40).map(tuple),
        parts=st.lists(PARTS, max_size=2).map(tuple),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    PIPELINES.flatmap(
        lambda p: st.builds(
            Show,
            pipeline=st.just(p),
            run=runs(p),
            trouble=st.none() | TROUBLES,
            log=COMMANDS,
            again=COMMANDS,
        )
    ),
    PIPELINES.flatmap(
        lambda p: st.builds(
            Log,
            pipeline=st.just(p),
            run=runs(p),
            task=TEXT,
            tail=st.builds(LogTail, text=TEXT, cut=st.booleans(), url=st.none() | TEXT),
            again=COMMANDS,
        )
    ),
    st.builds(
        Health,
        pulses=st.lists(
            st.builds(
                Pulse,
                connection=TEXT,
                title=TEXT,
                identity=st.none() | st.builds(Identity, name=st.none() | TEXT),
                trouble=st.none() | TROUBLES,
            ),
            max_size=60,
        ).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Wrote,
        sentence=TEXT,
        typed=COMMANDS,
        notes=TEXTS,
        undo=COMMANDS,
        offers=OFFERS,
        parts=st.lists(PARTS, max_size=2).map(tuple),
    ),
    st.builds(
        Watches,
        scope=TEXT,
        rows=st.lists(
            st.builds(
                WatchRow,
                watch=WATCHES,
                name=TEXT,
                what=TEXT,
                muted_until=st.none() | TEXT,
                offers=OFFERS,
            ),
            max_size=10,
        ).map(tuple),
        count=st.integers(0, 99),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    st.builds(
        Mutes,
        rows=st.lists(
            st.builds(MuteRow, mute=MUTES, what=TEXT, unmute=TEXT), max_size=60
        ).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Rehearsal,
        watch=WATCHES,
        what=TEXT,
        ringings=st.lists(RINGINGS, max_size=15).map(tuple),
        since=MOMENT,
        notes=TEXTS,
        parts=st.lists(PARTS, max_size=2).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Why,
        about=TEXT,
        url=COMMANDS,
        reasonings=st.lists(REASONINGS, max_size=10).map(tuple),
        elsewhere=st.integers(0, 3),
        notes=TEXTS,
        again=COMMANDS,
    ),
    st.builds(Pending, connections=TEXTS),
    st.builds(Help, command=TEXT, connections=TEXTS, groups=TEXTS, aliases=TEXTS),
    st.builds(
        Problem,
        what=TEXT,
        instead=OFFERS,
        hint=st.none() | TEXT,
        parts=st.lists(PARTS, max_size=2).map(tuple),
        command=TEXT,
        again=COMMANDS,
    ),
    st.builds(
        Dialog,
        what=TEXT,
        form=st.just(Form()),
        opens=st.builds(Offer, label=TEXT, command=TEXT),
        instead=OFFERS,
        hint=st.none() | TEXT,
        command=TEXT,
    ),
)


def check_limits(message: Message) -> None:
    """Hold a message against Slack's limits, by its own models and beyond them."""
    assert 1 <= len(message.text) <= 4000
    assert 1 <= len(message.blocks) <= MOST_BLOCKS
    said = [block for block in message.blocks if block["type"] != "actions"]
    assert _weight(said) <= MOST_TEXT + 200
    # The local Slack has rules that Slack's own models lack.
    assert check_blocks(list(message.blocks)) == []
    for block in message.blocks:
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
        # Slack's models drop what they do not know: nothing of ours may be dropped.
        assert parsed.to_dict() == block
        assert all(text for text in _texts(block))


def check_actions(message: Message) -> None:
    """Hold what can be pressed against Slack's limits, and against what we listen to.

    https://docs.slack.dev/reference/block-kit/block-elements
    """
    beside = [b["accessory"] for b in message.blocks if "accessory" in b]
    assert {element["action_id"] for element in beside} <= set(Press)
    blocks = [block for block in message.blocks if block["type"] == "actions"]
    assert len(blocks) <= 1
    elements = [element for block in blocks for element in block["elements"]]
    assert len(elements) <= MOST_ELEMENTS
    ids = [element["action_id"] for element in elements]
    assert len(set(ids)) == len(ids)
    assert {name.partition(".")[0] for name in ids} <= set(Press)
    for element in elements:
        assert len(element.get("value", "x")) in range(1, 2001)
        assert len(element.get("url", "")) <= 3000
        label = element.get("text") or element["placeholder"]
        assert len(label["text"]) in range(1, 76)
        options = element.get("options", [])
        assert len(options) <= 100
        values = [option["value"] for option in options]
        assert len(set(values)) == len(values)
        for option in options:
            assert len(option["value"]) in range(1, 151)
            assert len(option["text"]["text"]) in range(1, 76)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k == "text" and isinstance(v, str)]
        return own + [t for v in value.values() for t in _texts(v)]
    if isinstance(value, list):
        return [t for v in value for t in _texts(v)]
    return []
