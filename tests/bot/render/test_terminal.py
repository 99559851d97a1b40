"""What a terminal draws of a message that was made for Slack."""

from __future__ import annotations

from bot.render.message import Message, lines, plain
from bot.render.terminal import terminal
from tests.fakes.provider import NOON


def test_buttons_are_not_drawn_since_their_commands_are_typed() -> None:
    button = {
        "type": "button",
        "action_id": "refresh",
        "text": {"type": "plain_text", "text": "Refresh"},
        "value": "status",
    }
    blocks = (
        lines([[plain("first")]]),
        {"type": "actions", "elements": [button]},
        lines([[plain("last")]]),
    )

    assert terminal(Message("", blocks), NOON).plain == "first\n\nlast\n"
