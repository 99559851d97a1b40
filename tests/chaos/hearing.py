"""What the messages in the local Slack say, read as a person in the channel would.

A message has two faces: the blocks, which the channel shows, and the text, which a
notification reads out. Where the two do not say the same, nobody knows what it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.demo.slack import LocalSlack, Message
from bot.demo.slack.messages import Content
from tests.chaos.ledger import Form, News, Said

# "flow-3 #12", "northflank-3 (build)": of some vendors nothing numbers a run.
_RUN = r"(?P<name>[a-z]+-\d+)(?: \(build\))?(?: #(?P<number>\d+))?"
_WORD = r"(?P<word>failed|broke|fixed|still red)\b"
_LINES = (
    # "❌ flow-3 #12 failed on main …", "flow-3 #12 fixed after 3 min, 1 run"
    re.compile(rf"{_RUN} {_WORD}(?P<after>[^;·]*)"),
    # "✅ fixed after 3 min, 1 run  flow-3 #12 · main · …"
    re.compile(rf"^\W*{_WORD}(?P<after>[^;·]*?)  {_RUN}"),
)
_STORM = re.compile(r"\d+ alerts at once")
_OVER = re.compile(r"The storm in \S+ is over")
_NOTICE = re.compile(r"I (?P<word>can|cannot) see (?P<name>[a-z]+)\b")
_WORDS = {"failed": News.BROKEN, "broke": News.BROKEN, "fixed": News.FIXED}
_SEEING = {"cannot": News.BROKEN, "can": News.FIXED}
_RUNS = re.compile(r"\b(\d+) runs?\b")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"<t:(\d+)>")

_PLAIN_CALLS = frozenset({"chat.postMessage", "chat.update"})
"""The only ways in which anything is said in a channel that all of it can see."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a line says of a run."""

    name: str
    number: int
    """0 where it does not tell which run it is."""
    word: str
    runs: int | None
    """How many runs it says were red; `None` where it does not."""


_NOTHING = _Line("", 0, "", None)


def hear(
    slack: LocalSlack, channels: Mapping[str, str], numbers: Mapping[str, int]
) -> list[Said]:
    """Return all that the app said, channel by channel, in the order of acceptance.

    What it said elsewhere, or to a single person, is nothing that anybody knows.

    Args:
        slack: where it was said.
        channels: the ids of the channels, by pipeline.
        numbers: of runs, by their ids, and by their pipelines and starts, which is all
            that a message shows of a run whose vendor does not number it.

    """
    heard = [
        said
        for channel in dict.fromkeys(channels.values())
        for said in hear_in(slack, channel, numbers)
    ]
    return [*heard, *_aside(slack, frozenset(channels.values()))]


def hear_in(slack: LocalSlack, channel: str, numbers: Mapping[str, int]) -> list[Said]:
    """Return all that the app said in a channel; the arguments are those of `hear`."""
    return [
        said
        for message in slack.everything(channel)
        if message.bot_id
        for said in _said(message, numbers)
    ]


def _aside(slack: LocalSlack, channels: Iterable[str]) -> Iterator[Said]:
    for call in slack.calls:
        place = str(call.args.get("channel"))
        is_open = call.method in _PLAIN_CALLS and place in channels
        if call.method.startswith("chat.") and not is_open:
            text = f"{call.method}: {call.args.get('text')}"
            yield Said(channel=place, ts="", at=call.at, form=Form.STRANGE, text=text)


def _said(message: Message, numbers: Mapping[str, int]) -> Iterator[Said]:
    first, *edits = (*message.edited, message.content)
    yield from content_says(message, first, numbers, is_edit=False)
    for content in edits:
        yield from content_says(message, content, numbers, is_edit=True)


def content_says(
    message: Message, content: Content, numbers: Mapping[str, int], *, is_edit: bool
) -> Iterator[Said]:
    """Yield what a message says, or said once: many things where it stands for many."""
    form, found = _read(content, numbers, is_reply=message.is_reply, is_edit=is_edit)
    at = None if is_edit else datetime.fromtimestamp(float(message.ts), UTC)
    for line in found or (_NOTHING,):
        news = _SEEING if form is Form.NOTICE else _WORDS
        yield Said(
            channel=message.channel.id,
            ts=message.ts,
            at=at,
            form=form,
            thread=(message.thread_ts or "") if message.is_reply else "",
            pipeline=line.name,
            number=line.number,
            news=news.get(line.word),
            runs=line.runs,
            text=content.text,
        )


def _read(
    content: Content, numbers: Mapping[str, int], *, is_reply: bool, is_edit: bool
) -> tuple[Form, list[_Line]]:
    shown = list(_shown(content.blocks)) or [content.text]
    lines = [line for row in shown if (line := _line(row, row, numbers))]
    for form, pattern in ((Form.LIST, _STORM), (Form.OVER, _OVER)):
        if pattern.match(content.text):
            return (form if pattern.search(shown[0]) else Form.STRANGE), lines
    if notice := _NOTICE.search(content.text):
        is_shown = notice[0] in shown[0]
        about = _Line(notice["name"], 0, notice["word"], None)
        return (Form.NOTICE, [about]) if is_shown else (Form.STRANGE, [])
    marks = " ".join((*shown, *_RUN_ID.findall(json.dumps(content.blocks))))
    head, read_out = (
        _line(shown[0], marks, numbers),
        _line(content.text, marks, numbers),
    )
    if head is None or read_out is None or not _agree(head, read_out):
        return Form.STRANGE, []
    if is_edit:
        return Form.EDIT, [read_out]
    if not is_reply:
        return Form.POST, [read_out]
    return (Form.LOG if read_out.word == "broke" else Form.REPLY), [read_out]


def _agree(one: _Line, other: _Line) -> bool:
    same = one.name == other.name and one.number == other.number
    return same and _WORDS.get(one.word) == _WORDS.get(other.word)


def _line(row: str, marks: str, numbers: Mapping[str, int]) -> _Line | None:
    """Return what a row says; `marks` is where to find which run it may mean."""
    match = next((found for line in _LINES if (found := line.search(row))), None)
    if match is None:
        return None
    runs = _RUNS.search(match["after"]) if match["word"] == "fixed" else None
    number = int(match["number"] or _number(match["name"], marks, numbers))
    return _Line(match["name"], number, match["word"], int(runs[1]) if runs else None)


def _number(name: str, marks: str, numbers: Mapping[str, int]) -> int:
    """Return the number of the run that is meant, or 0 where that is not to be told."""
    shown = (
        *_RUN_ID.findall(marks),
        *(f"{name} {moment}" for moment in _TIME.findall(marks)),
    )
    return next((numbers[mark] for mark in shown if mark in numbers), 0)


def _shown(blocks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the blocks show, row by row; dates as `<t:1700000000>`.

    Nothing of what is quoted as it stands, such as logs, and nothing to press.
    """
    for block in blocks:
        if block["type"] == "header":
            yield block["text"]["text"]
        for row in block["elements"] if block["type"] == "rich_text" else ():
            if row["type"] == "rich_text_section":
                yield "".join(map(_word_of, row["elements"]))


def _word_of(element: Mapping[str, Any]) -> str:
    if element["type"] == "date":
        return f"<t:{element['timestamp']}>"
    return str(element.get("text", ""))
