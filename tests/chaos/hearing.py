"""What the messages in the local Slack say, read as a person in the channel would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bot.demo.slack import LocalSlack, Message
from bot.demo.slack.messages import Content
from tests.chaos.ledger import Form, News, Said

# "flow-3 #12 failed on main …", "flow-3 #12 fixed after 3 min, 1 run …"
_LINE = re.compile(
    r"(?P<name>[a-z]+-\d+)(?: \(build\))?(?: #(?P<number>\d+))?"
    r" (?P<word>failed|broke|fixed|still red)\b"
)
_STORM = re.compile(r"\d+ alerts at once|The storm in \S+ is over")
_NOTICE = re.compile(r"I can(not)? see ")
_WORDS = {"failed": News.BROKEN, "broke": News.BROKEN, "fixed": News.FIXED}
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r'"timestamp": (\d+)')


def hear(
    slack: LocalSlack, channels: Mapping[str, str], numbers: Mapping[str, int]
) -> list[Said]:
    """Return all that the app said in these channels, in the order of acceptance.

    Args:
        slack: where it was said.
        channels: the ids of the channels, by pipeline.
        numbers: of runs, by their ids, and by their pipelines and starts, which is all
            that a message shows of a run whose vendor does not number it.

    """
    return [
        said
        for channel in dict.fromkeys(channels.values())
        for message in slack.everything(channel)
        if message.bot_id
        for said in _said(message, numbers)
    ]


def _said(message: Message, numbers: Mapping[str, int]) -> Iterator[Said]:
    first, *edits = (*message.edited, message.content)
    yield from _content(message, first, numbers, is_edit=False)
    for content in edits:
        yield from _content(message, content, numbers, is_edit=True)


def _content(
    message: Message, content: Content, numbers: Mapping[str, int], *, is_edit: bool
) -> Iterator[Said]:
    at = None if is_edit else datetime.fromtimestamp(float(message.ts), UTC)
    found: list[re.Match[str] | None] = [*_LINE.finditer(content.text)]
    for match in found or [None]:
        yield Said(
            channel=message.channel.id,
            ts=message.ts,
            at=at,
            form=_form(message, content, match, is_edit=is_edit),
            pipeline=match["name"] if match is not None else "",
            number=_number(match, content, numbers) if match is not None else 0,
            news=_WORDS.get(match["word"]) if match is not None else None,
            text=content.text,
        )


def _form(
    message: Message, content: Content, match: re.Match[str] | None, *, is_edit: bool
) -> Form:
    if _STORM.match(content.text):
        return Form.LIST
    if match is None:
        return Form.NOTICE if _NOTICE.search(content.text) else Form.STRANGE
    if is_edit:
        return Form.EDIT
    if not message.is_reply:
        return Form.POST
    return Form.LOG if match["word"] == "broke" else Form.REPLY


def _number(match: re.Match[str], content: Content, numbers: Mapping[str, int]) -> int:
    """Return the run's number, or 0 where the message does not tell which run it is."""
    if match["number"]:
        return int(match["number"])
    blocks = json.dumps(content.blocks)
    shown = (
        *_RUN_ID.findall(blocks),
        *(f"{match['name']} {moment}" for moment in _TIME.findall(blocks)),
    )
    return next((numbers[mark] for mark in shown if mark in numbers), 0)
