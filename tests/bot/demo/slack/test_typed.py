"""What people type becomes entities, as Slack's own client makes them."""

from __future__ import annotations

import pytest

from bot.demo.slack import Channel, LocalSlack, User
from bot.demo.slack.typed import escaped


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("status", "status"),
        ("@ann", "<@{ann}|ann>"),
        ("@ann, @bob!", "<@{ann}|ann>, <@{bob}|bob>!"),
        ("@nobody", "@nobody"),
        ("me@ann", "me@ann"),
        ("#ops", "<#{ops}|ops>"),
        ("#inside", "<#{inside}|>"),
        ("#nowhere", "#nowhere"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("https://example.com/a?b=1&c=2", "<https://example.com/a?b=1&amp;c=2>"),
        ("see https://example.com/a.", "see <https://example.com/a>."),
        ("(http://example.com/#ops)", "(<http://example.com/#ops>)"),
        ("mailto:ann@example.com", "<mailto:ann@example.com>"),
        ("<@U123> <https://example.com|x>", "<@U123> <https://example.com|x>"),
        ("<script>", "&lt;script&gt;"),
    ],
)
def test_names_and_addresses_become_entities(
    slack: LocalSlack, ann: User, bob: User, ops: Channel, typed: str, told: str
) -> None:
    inside = slack.add_channel("inside", ann, private=True)
    ids = {"ann": ann.id, "bob": bob.id, "ops": ops.id, "inside": inside.id}

    assert escaped(typed, slack._state.workspace) == told.format(**ids)


def test_in_a_message_a_person_is_only_their_id(slack: LocalSlack, ann: User) -> None:
    assert escaped("@ann", slack._state.workspace, labels=False) == f"<@{ann.id}>"
