"""Asking, and putting what is said where it belongs.

What is not ready at once is said as far as it is known, and then replaced. Where Slack
cannot replace it, only that it is being waited for is said: nobody sees two answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.answers import Dialog, Offer, Pending, Problem, PublicLine, Said, Wrote
from bot.render.rendering import render, words_of
from bot.render.watching import public_line

if TYPE_CHECKING:
    from bot.commands.asker import Asker
    from bot.render.message import Message
    from bot.slack.sender import Sender, Sent
    from providers.clock import Clock

log = structlog.get_logger(__name__)

Ask = Callable[[str, "Asker"], AsyncIterator[Said]]
"""A text and who asks → what is known, if that is not all, and then the answer."""

Opens = Callable[["Dialog"], Awaitable[bool]]
"""Opens a form for the one who asks, and says whether it is open."""

OWN_FAULT = Problem(
    what="Something went wrong inside Runbell itself; it is in its log.",
    hint="Ask again; if it stays, show the log to whoever runs the bot.",
)

TRY = "The change stands all the same; alerts may not arrive there either."
OUTSIDE = frozenset({"not_in_channel", "channel_not_found"})
"""Slack's words for a channel that we are no member of."""
INVITE = "Invite me there, or no alert will arrive"


class Replies:
    """Answers texts, each in its own place."""

    def __init__(
        self, *, ask: Ask, sender: Sender, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._ask = ask
        self._sender = sender
        self._clock = clock
        self._zone = zone

    async def to_command(
        self,
        text: str,
        url: str,
        asker: Asker,
        *,
        can_share: bool,
        opens: Opens | None = None,
    ) -> None:
        """Answer a slash command, privately; by a form, where that can be opened."""
        is_first = True
        async for said in self._said(text, asker, opens=opens):
            message = self._briefly(said, is_private=can_share)
            await self._sender.answer(url, message, replace=not is_first)
            is_first = False

    async def below(
        self,
        text: str,
        url: str,
        asker: Asker,
        *,
        can_share: bool,
        opens: Opens | None = None,
    ) -> None:
        """Answer a press privately, below the message that was pressed."""
        async for said in self._said(text, asker, opens=opens):
            message = self._briefly(said, is_private=can_share)
            await self._sender.answer(url, message, thread=asker.thread)

    async def to_form(self, text: str, url: str, asker: Asker) -> None:
        """Answer what a form says, privately, where the form was asked for.

        A form may be filled in for longer than the half hour that a place can be
        answered in by its `response_url`; then it is said in a direct message.
        """
        async for said in self._said(text, asker):
            message = self._briefly(said, is_private=False)
            sent = await self._sender.answer(url, message, thread=asker.thread)
            if sent.is_lost and not said.waiting_for:
                await self._sender.say(asker.user, message, thread=None)

    async def tell(self, problem: Problem, url: str, *, thread: str | None) -> None:
        """Tell somebody privately why a press does nothing."""
        message = words_of(problem, self._now())
        await self._sender.answer(url, message, thread=thread)

    async def in_place(
        self,
        text: str,
        url: str,
        asker: Asker,
        *,
        is_private: bool,
        can_share: bool,
        opens: Opens | None = None,
    ) -> None:
        """Answer a press in the place of the message that was pressed."""
        async for said in self._said(text, asker, opens=opens):
            message = self._message(said, is_private=can_share)
            await self._sender.answer(
                url, message, replace=True, is_public=not is_private
            )

    async def in_public(self, text: str, asker: Asker) -> None:
        """Answer in a channel's thread, or in a direct message."""
        posted: Sent | None = None
        channel = asker.channel
        async for said in self._said(text, asker, seen_in=channel):
            message = self._message(said, is_private=False)
            if posted is None or posted.is_lost:
                posted = await self._sender.say(channel, message, thread=asker.thread)
            elif posted.ts is not None:
                await self._sender.change(channel, posted.ts, message)

    async def shared(self, text: str, url: str, asker: Asker) -> bool:
        """Answer for everybody, in the name of a person, instead of for them alone.

        Returns whether it stands there now. A question that has no answer any more is
        told to the person only.
        """
        said = Said(answer=OWN_FAULT)
        async for word in self._said(text, asker):
            said = word
        message = self._message(said, is_private=False)
        if isinstance(said.answer, Problem):
            await self._sender.answer(url, message, replace=True)
            return False
        posted = await self._sender.answer(
            url, message.shared_by(asker.user), is_public=True, thread=asker.thread
        )
        if posted:
            # It stands there for all now, and is not to be shared a second time.
            await self._sender.retract(url)
        return bool(posted)

    async def _said(
        self,
        text: str,
        asker: Asker,
        *,
        seen_in: str = "",
        opens: Opens | None = None,
    ) -> AsyncIterator[Said]:
        """Yield what is to be said; a change is told to everybody it concerns before.

        Where all can see the answer itself (`seen_in`), they are told by that. Where a
        form is open, nothing is left to say.
        """
        try:
            async for said in self._ask(text, asker):
                found = said.answer
                if isinstance(found, Dialog) and opens and await opens(found):
                    return
                if isinstance(found, Wrote) and found.public is not None:
                    is_seen = found.public.channel == seen_in
                    note = None if is_seen else await self._announce(found.public)
                    notes = (*found.notes, *([note] if note else []))
                    yield replace(said, answer=replace(found, notes=notes))
                else:
                    yield said
        except Exception:
            # The edge: whatever went wrong inside, the person gets an answer.
            log.exception("a question could not be answered")
            again = Offer(label="Try again", command=text)
            yield Said(answer=replace(OWN_FAULT, instead=(again,)))

    async def _announce(self, line: PublicLine) -> str | None:
        """Tell a channel of a change; return what to say of it where that failed."""
        posted = await self._sender.say(
            line.channel, public_line(line), thread=line.thread
        )
        if posted:
            return None
        if not posted.is_lost:
            return "I do not know whether the channel was told of it."
        if posted.why in OUTSIDE:
            told = "the change stands, and nobody hears it."
            return f"I could not tell the channel ({posted.why}). {INVITE}: {told}"
        why = f" ({posted.why})" if posted.why else ""
        return f"I could not tell the channel{why}. {TRY}"

    def _message(self, said: Said, *, is_private: bool) -> Message:
        """Return the message; with nothing to press while it will be replaced."""
        try:
            if said.waiting_for:
                return words_of(said.answer, self._now())
            return render(said.answer, self._now(), is_private=is_private)
        except Exception:
            log.exception("an answer could not be drawn")
            return render(OWN_FAULT, self._now())

    def _briefly(self, said: Said, *, is_private: bool) -> Message:
        """Return the message; where it is not the last word, for whom it waits."""
        if said.waiting_for:
            return words_of(Pending(connections=said.waiting_for), self._now())
        return self._message(said, is_private=is_private)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)
