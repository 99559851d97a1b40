"""Acting as the people of the workspace: typing, pressing, choosing, submitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.demo.slack import answers, inputs, payloads
from bot.demo.slack.blocks.objects import OPTION, OPTION_GROUP
from bot.demo.slack.blocks.rules import items, thing
from bot.demo.slack.delivery import Ack, Envelope
from bot.demo.slack.errors import ApiError, NotPossible
from bot.demo.slack.messages import Message
from bot.demo.slack.payloads import Place
from bot.demo.slack.reading import Reading
from bot.demo.slack.typed import escaped
from bot.demo.slack.views import View
from bot.demo.slack.workspace import Channel, User, Where, Who

# https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
SUGGESTIONS = thing(
    {},
    {
        "options": items(OPTION, least=0, most=100),
        "option_groups": items(OPTION_GROUP, least=0, most=100),
    },
    only_one_of=("options", "option_groups"),
)


class Acting(Reading):
    """What people can do; each act returns the record of how the app took it."""

    base_url: str
    should_escape: bool
    """Whether names and addresses in a slash command arrive as entities."""

    async def slash(
        self, user: Who, channel: Where, command: str, text: str = ""
    ) -> Ack:
        """Type a slash command; the record says how it was acknowledged.

        Raises:
            NotPossible: the person is not in the channel.

        """
        person, place = self._present(user, channel)
        state = self._state
        path = state.tickets.response(person, place)
        told = escaped(text, state.workspace) if self.should_escape else text
        envelope = payloads.command(
            state, person, place, command, told.strip(), self.base_url + path
        )
        ack = await self._courier.deliver(envelope)
        if ack.error:
            return ack
        typed = f"{command} {text}".strip()
        try:
            said = answers.take_acknowledgement(state, path, ack.body, typed)
        except ApiError as refusal:
            return replace(ack, error=refusal.error)
        return replace(ack, message=said)

    async def mention(
        self, user: Who, channel: Where, text: str, *, thread_ts: str | None = None
    ) -> Ack:
        """Say something to the bot in a channel, or in a thread there.

        The record's `message` is what was said. Where the bot is no member it is told
        nothing, and the record's error is `not_in_channel`.

        Raises:
            NotPossible: the person is not in the channel, or there is no such thread.

        """
        person, place = self._present(user, channel)
        words = escaped(text, self._state.workspace, labels=False)
        spoken = f"<@{self.bot_user_id}> {words}"
        message = self._say(person, place, spoken, thread_ts)
        if self.bot not in place.members:
            nothing = Envelope("events_api", {})
            return Ack(nothing, message.ts, error="not_in_channel", message=message)
        return await self._tell_spoken(message, "app_mention")

    async def dm(self, user: Who, text: str, *, thread_ts: str | None = None) -> Ack:
        """Say something to the bot in a direct message.

        Raises:
            NotPossible: there is no such thread.

        """
        place = self.open_dm(user)
        person = self._state.workspace.user(user)
        words = escaped(text, self._state.workspace, labels=False)
        message = self._say(person, place, words, thread_ts)
        return await self._tell_spoken(message, "message")

    async def press(
        self,
        user: Who,
        place: Place,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Press a button, or choose something, in a message, a modal or the Home tab.

        For menus `value` is the value of the option (a list for several), for pickers
        what was picked; for a button it may be left out. `given` is what else is filled
        in there, as `submit` takes it.

        Raises:
            NotPossible: the person does not see it, or it is not there.

        """
        person = self._looking_at(user, place)
        block, element = inputs.find(place.blocks, action_id, block_id)
        stamp = self._state.workspace.stamp()
        more: dict[str, Any] = {
            **payloads.container(self._state, place, given),
            "trigger_id": self._trigger(person, place),
            "actions": [inputs.act(block, element, value, stamp)],
        }
        if isinstance(place, Message):
            path = self._state.tickets.response(person, place.channel, place)
            more["response_url"] = self.base_url + path
        return await self._interact(person, "block_actions", more, stamp)

    async def suggest(
        self, user: Who, place: Place, action_id: str, query: str = ""
    ) -> Ack:
        """Type into a menu that asks the app; the record's body holds its options.

        Raises:
            NotPossible: the person does not see it, or it is no such menu.

        """
        person = self._looking_at(user, place)
        block, element = inputs.find(place.blocks, action_id)
        if not element["type"].endswith("external_select"):
            raise NotPossible("this menu has its options already", action_id)
        more = {
            **payloads.container(self._state, place),
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": query,
        }
        ack = await self._interact(person, "block_suggestion", more)
        if ack.error is None and list(SUGGESTIONS(ack.body, "")):
            return replace(ack, error="invalid_options")
        return ack

    async def submit(self, view: View, given: Mapping[str, Any] | None = None) -> Ack:
        """Submit a modal with these values, by block_id or by action_id.

        The modal then closes, changes, or says what is wrong, as the app answers.

        Raises:
            NotPossible: the modal is not on top, or a field is not filled in.

        """
        person = self._looking_at(view.user, view)
        if not view.content["submit"]:
            raise NotPossible("this modal has nothing to submit")
        values = inputs.check_inputs(view.blocks, given or {})
        more = {
            "view": self._state.views.describe(view, values),
            "trigger_id": self._trigger(person, view),
            "response_urls": [],
        }
        ack = await self._interact(person, "view_submission", more)
        if ack.error:
            return ack
        try:
            answers.take_submission(self._state, view, ack.body)
        except ApiError as refusal:
            return replace(ack, error=refusal.error)
        return ack

    async def close(self, view: View, *, all_of_them: bool = False) -> Ack | None:
        """Close a modal, or all; the app hears of it only if it asked to.

        Raises:
            NotPossible: the modal is not on top.

        """
        person = self._looking_at(view.user, view)
        told = self._state.views.describe(view, inputs.state_of(view.blocks))
        self._state.views.close(view, all_of_them=all_of_them)
        self._state.changes.announce()
        if not view.content["notify_on_close"]:
            return None
        more = {"view": told, "is_cleared": all_of_them}
        return await self._interact(person, "view_closed", more)

    async def open_home(self, user: Who, *, tab: str = "home") -> Ack:
        """Open the app's Home tab, or its `messages` tab."""
        person = self._state.workspace.user(user)
        stamp = self._state.workspace.stamp()
        inner: dict[str, Any] = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.open_dm(person).id,
            "tab": tab,
            "event_ts": stamp,
        }
        if tab == "home" and (view := self.home(person)):
            inner["view"] = self._state.views.describe(view)
        return await self._courier.deliver(payloads.event(self._state, inner), stamp)

    async def invite(self, user: Who, channel: Where) -> Ack:
        """Bring the bot into a channel."""
        person, place = self._present(user, channel)
        place.members.append(self.bot)
        stamp = self._state.workspace.stamp()
        inner = {
            "type": "member_joined_channel",
            "user": self.bot_user_id,
            "channel": place.id,
            "channel_type": "G" if place.is_private else "C",
            "team": self.team_id,
            "inviter": person.id,
            "event_ts": stamp,
        }
        return await self._courier.deliver(payloads.event(self._state, inner), stamp)

    async def redeliver(self, ack: Ack) -> Ack:
        """Tell the app again what it was told: the same event, marked as a retry."""
        return await self._courier.redeliver(ack)

    def _say(
        self, person: User, place: Channel, words: str, thread_ts: str | None
    ) -> Message:
        try:
            return self._state.say(place, person, words, thread_ts)
        except ApiError as refusal:
            raise NotPossible(refusal.error, thread_ts) from None

    async def _tell_spoken(self, message: Message, kind: str) -> Ack:
        inner = payloads.spoken(self._state, message, kind)
        event = payloads.event(self._state, inner)
        return replace(await self._courier.deliver(event, message.ts), message=message)

    async def _interact(
        self, user: User, kind: str, more: Mapping[str, Any], ts: str | None = None
    ) -> Ack:
        envelope = payloads.interaction(self._state, user, kind, more)
        return await self._courier.deliver(envelope, ts)

    def _trigger(self, user: User, place: Place) -> str:
        if isinstance(place, View) and place.is_modal:
            return self._state.tickets.trigger(user, place.id)
        return self._state.tickets.trigger(user)

    def _present(self, user: Who, channel: Where) -> tuple[User, Channel]:
        person = self._state.workspace.user(user)
        place = self._state.workspace.channel(channel)
        if person not in place.members:
            raise NotPossible("not in this channel", person.name, place.name)
        return person, place

    def _looking_at(self, user: Who, place: Place) -> User:
        """Return the person, once it is certain that they have this before them."""
        person = self._state.workspace.user(user)
        if isinstance(place, Message):
            gone = place.deleted or person not in place.channel.members
            if gone or not place.is_visible_to(person):
                raise NotPossible("this message is not to be seen", person.name)
        elif place not in (self.view(person), self.home(person)):
            raise NotPossible("this view is not to be seen", person.name)
        return person
