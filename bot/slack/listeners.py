"""What Slack tells us → a question, acknowledged at once and answered by its own task.

Bolt runs with `process_before_response=True`: the acknowledgement then takes 0.3 ms
instead of 11, and a listener must not do any work itself. Where the acknowledgement is
the answer (a search, a form) others are waited for, for a second at the most.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from cachetools import TTLCache

from bot.commands.asker import Asker
from bot.commands.forms import command_of
from bot.render.dialog import ACTION, CALLBACK
from bot.slack.filled import Filled
from bot.slack.presses import NOT_KNOWN, Deed, Pressed
from bot.slack.presses import is_direct as is_a_direct_message

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.context.ack.async_ack import AsyncAck

    from bot.slack.dialogs import Dialogs
    from bot.slack.errands import Errands
    from bot.slack.replies import Opens, Replies
    from providers.clock import Clock

log = structlog.get_logger(__name__)

# https://docs.slack.dev/reference/events/app_mention
_MENTIONS = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")


class Listeners:
    """Registers what the bot listens to."""

    def __init__(
        self,
        *,
        replies: Replies,
        dialogs: Dialogs,
        clock: Clock,
        errands: Errands,
        command: str,
    ) -> None:
        self._replies = replies
        self._dialogs = dialogs
        self._errands = errands
        self._command = command
        # Slack repeats a delivery it thinks lost; a trigger id is unique to one typing
        # or pressing.
        self._taken: TTLCache[str, bool] = TTLCache(
            10_000, ttl=3600, timer=lambda: clock.now().timestamp()
        )

    def register(self, app: AsyncApp) -> None:
        """Register the listeners with Bolt."""
        app.command(self._command)(self.slash)
        app.event("app_mention")(self.spoken_to)
        app.event("message")(self.spoken_to)
        app.action(re.compile(f"^{re.escape(ACTION)}"))(self.changed)
        app.action(re.compile(".*"))(self.pressed)
        app.options(re.compile(f"^{re.escape(ACTION)}"))(self.searched)
        app.view(CALLBACK)(self.submitted)
        # An unhandled event would count as a failed delivery and be sent three times.
        app.event(re.compile(".*"))(_ignore)

    async def slash(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Answer a slash command, privately."""
        await ack()
        trigger = str(body.get("trigger_id", ""))
        if self._is_new(trigger):
            asker = _asker(body.get("user_id"), body.get("channel_id"))
            url = str(body["response_url"])
            answering = self._replies.to_command(
                str(body.get("text", "")),
                url,
                asker,
                can_share=not asker.is_direct,
                opens=self._opens(trigger, url, asker),
            )
            self._errands.run(answering)

    async def spoken_to(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """Answer a mention in its thread, and a direct message where it was said."""
        if not _is_for_us(event) or not self._is_new(str(body.get("event_id", ""))):
            return
        text = _MENTIONS.sub("", str(event.get("text", "")), count=1).strip()
        # An answer in a channel belongs into a thread; a direct message is one anyway.
        is_dm = event.get("channel_type") == "im"
        thread = event.get("thread_ts") or (None if is_dm else event.get("ts"))
        asker = _asker(event.get("user"), event["channel"], thread, is_direct=is_dm)
        self._errands.run(self._replies.in_public(text, asker))

    async def pressed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Do what was pressed, whatever button or menu it was."""
        await ack()
        pressed = Pressed.read(body)
        if pressed is None:
            log.warning("a press that cannot be answered")
        elif self._is_new(str(body.get("trigger_id", ""))):
            self._errands.run(self._do(pressed))

    async def searched(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Offer what can be watched, by what was typed.

        https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
        """
        groups = await self._dialogs.suggested(str(body.get("value") or ""))
        # Without any, a list of groups would have to hold at least one.
        await (ack(option_groups=groups) if groups else ack(options=[]))

    async def changed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Draw a form anew, after something in it was changed."""
        await ack()
        self._errands.run(self._dialogs.changed(body))

    async def submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Ask what a form says, as if it had been typed; or say what is wrong with it.

        https://docs.slack.dev/surfaces/modals#displaying_errors
        """
        filled = Filled.read(body)
        if filled is None:
            log.warning("a form that nobody knows")
            await ack()
            return
        dialogs = self._dialogs
        wrong = dialogs.refusal(filled) or await dialogs.deafness(filled)
        if wrong:
            await ack(response_action="errors", errors=dict(wrong))
            return
        # Two quick presses are one wish: the form closes once it is taken.
        is_new = self._is_new(filled.view)
        await ack()
        if is_new:
            dialogs.taken(filled)
            text = str(command_of(filled.form))
            answering = self._replies.to_form(text, filled.url, filled.asker)
            self._errands.run(answering)

    def _opens(self, trigger: str, url: str, asker: Asker) -> Opens:
        return partial(self._dialogs.open, trigger=trigger, url=url, asker=asker)

    async def _do(self, pressed: Pressed) -> None:
        command, url, thread = pressed.command, pressed.url, pressed.thread
        asker = pressed.asker
        opens = self._opens(pressed.trigger, url, asker)
        match pressed.deed:
            case Deed.IN_PLACE:
                is_private = pressed.is_private
                await self._replies.in_place(
                    command,
                    url,
                    asker,
                    is_private=is_private,
                    can_share=is_private and pressed.can_share,
                    opens=opens,
                )
            case Deed.BELOW:
                await self._replies.below(
                    command, url, asker, can_share=pressed.can_share, opens=opens
                )
            case Deed.SHARED:
                await self._share(pressed)
            case Deed.NOTHING:
                pass
            case None:
                await self._replies.tell(NOT_KNOWN, url, thread=thread)

    async def _share(self, pressed: Pressed) -> None:
        # Two quick presses are two typings to Slack, and one wish of the person's.
        wish = " ".join(("share", *pressed.message))
        if not self._is_new(wish):
            return
        is_shared = False
        try:
            is_shared = await self._replies.shared(
                pressed.command,
                pressed.url,
                pressed.asker,
            )
        finally:
            if not is_shared:
                self._taken.pop(wish, None)

    def _is_new(self, delivery: str) -> bool:
        """Return whether a delivery comes for the first time, and remember it."""
        if delivery and delivery in self._taken:
            return False
        self._taken[delivery] = True
        return True


def _asker(
    user: object, channel: object, thread: object = None, *, is_direct: bool = False
) -> Asker:
    place = str(channel or "")
    return Asker(
        user=str(user or ""),
        channel=place,
        thread=thread if isinstance(thread, str) else None,
        is_direct=is_direct or is_a_direct_message(place),
    )


def _is_for_us(event: dict[str, Any]) -> bool:
    """Return whether a person speaks to us: not a bot, not an edit, not the channel."""
    if event.get("bot_id") or event.get("subtype") or not event.get("channel"):
        return False
    return event.get("type") == "app_mention" or event.get("channel_type") == "im"


async def _ignore(event: dict[str, Any]) -> None:
    log.debug("an event nobody listens to", event_type=event.get("type"))
