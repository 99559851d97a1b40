"""What a terminal draws of a message that was made for Slack."""

from __future__ import annotations

import pytest

from bot.render.message import Message, lines, named, plain
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


@pytest.mark.parametrize("ident", ["U0KIM", "W0KIM", "S0OPS", "C0CI", "G0CI", "nobody"])
def test_whom_only_slack_can_name_is_shown_by_their_id(ident: str) -> None:
    block = lines([[plain("for "), named(ident)]])

    assert terminal(Message("", (block,)), NOON).plain == f"for {ident}\n"
