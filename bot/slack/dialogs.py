"""The form of a watch, as a modal: opened, kept up to date, and taken in.

Every change is drawn at once, with the command that says the same. How often such a
watch would have rung takes longer, and follows where nothing has changed meanwhile.
What has been typed stays in its field, since that keeps its block_id and action_id.

A drawing takes the place of the one it is made for, which its hash names, or of a later
one of ours: what comes late, here or on another replica, is dropped by Slack.

https://docs.slack.dev/reference/methods/views.open
https://docs.slack.dev/reference/methods/views.update
https://docs.slack.dev/surfaces/modals#handling_race_conditions
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from cachetools import LRUCache

from bot.answers import Rehearsal
from bot.commands.forms import command_of, rehearsal_of
from bot.commands.gather import typed_again
from bot.render.dialog import LONGEST_METADATA, Field, dialog, options
from bot.slack.filled import Filled
from bot.slack.outcomes import ask as ask_slack
from bot.slack.replies import INVITE, OUTSIDE
from bot.watch.posting import Outcome

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from bot.answers import Dialog, Shelf
    from bot.commands.asker import Asker
    from bot.render.message import Block
    from bot.slack.replies import Ask

log = structlog.get_logger(__name__)

Suggest = Callable[[str], Awaitable[tuple["Shelf", ...]]]

COUNTING = "Counting how often it would have rung in the last days…"
NOT_COUNTED = "How often it would have rung is not known."
NOT_TYPABLE = "I cannot put this into words: write names or globs, with commas between."
NOTHING_CHOSEN = "Choose a pipeline or a group."
NEVER_RINGS = "Tick at least one."

MOST_OPEN = 1000
"""Of how many modals it is remembered which change was the last."""

PATIENCE = timedelta(seconds=1)
"""How long Slack is asked about a channel, of the three seconds it waits for us."""


@dataclass(slots=True)
class _Sheet:
    """A modal that is open, as far as it was drawn from here."""

    turn: int = 0
    """How often it was changed."""
    hash: str = ""
    """Of what we drew last."""
    replaced: set[str] = field(default_factory=set)
    """The hashes of what that took the place of."""
    pen: asyncio.Lock = field(default_factory=asyncio.Lock)

    def now(self, shown: str) -> str:
        """Return the hash of what takes the place of something by now."""
        return self.hash if shown in self.replaced else shown


class Dialogs:
    """Forms that are open, each for one person."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        ask: Ask,
        suggest: Suggest,
        command: str,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._client = client
        self._ask = ask
        self._suggest = suggest
        self._command = command
        self._patience = patience
        self._sheets: LRUCache[str, _Sheet] = LRUCache(MOST_OPEN)

    async def open(
        self, asked: Dialog, *, trigger: str, url: str, asker: Asker
    ) -> bool:
        """Open a form; return whether it is open. A trigger is good for three seconds.

        https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
        """
        filled = Filled(form=asked.form, asker=asker, url=url)
        if not trigger or len(filled.metadata) > LONGEST_METADATA:
            return False
        view = self._drawn(filled, COUNTING)
        shown = await _shown(self._client.views_open(trigger_id=trigger, view=view))
        if shown is None:
            return False
        view_id, hash_ = str(shown.get("id", "")), str(shown.get("hash", ""))
        filled = replace(filled, view=view_id, hash=hash_)
        await self._count(filled, self._turn(filled))
        return True

    async def changed(self, body: Mapping[str, Any]) -> None:
        """Draw a form anew, after a field of it was changed."""
        filled = Filled.read(body)
        if filled is None or not filled.view:
            log.warning("a change of a form that nobody knows")
            return
        turn = self._turn(filled)
        if await self._redraw(filled, turn, COUNTING):
            await self._count(filled, turn)

    async def suggested(self, query: str) -> list[Block]:
        """Return what a menu offers for what was typed into it."""
        try:
            return options(await self._suggest(query))
        except Exception:
            # The edge: a menu that offers nothing is better than one that fails.
            log.exception("nothing could be suggested")
            return []

    def refusal(self, filled: Filled) -> Mapping[str, str]:
        """Return what is wrong with a form, by field; empty where it can be taken."""
        form = filled.form
        if form.watch is None and form.target is None:
            return {Field.TARGET: NOTHING_CHOSEN}
        if not form.on:
            return {Field.ON: NEVER_RINGS}
        if typed_again(command_of(form)) is None:
            return {Field.BRANCH: NOT_TYPABLE}
        return {}

    async def deafness(self, filled: Filled) -> Mapping[str, str]:
        """Return that the channel of a new watch would hear nothing, by its field.

        Empty where it would, and where Slack does not say: that needs scopes which
        are optional. What becomes of the watch then is told when it is made.
        https://docs.slack.dev/reference/methods/conversations.history
        """
        channel = filled.form.channel or filled.here
        if channel is None or filled.form.watch is not None:
            return {}
        looking = ask_slack(
            self._client.conversations_history(channel=channel, limit=1)
        )
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                found = await looking
        except TimeoutError:
            return {}
        if not isinstance(found, Outcome) or found.error not in OUTSIDE:
            return {}
        return {
            Field.CHANNEL: f"I could not tell the channel ({found.error}). {INVITE}."
        }

    def taken(self, filled: Filled) -> None:
        """Draw a form no more: it was submitted, and closes."""
        self._sheets.pop(filled.view, None)

    def _sheet(self, filled: Filled) -> _Sheet:
        return self._sheets.setdefault(filled.view, _Sheet())

    def _turn(self, filled: Filled) -> int:
        sheet = self._sheet(filled)
        sheet.turn += 1
        return sheet.turn

    async def _count(self, filled: Filled, turn: int) -> None:
        """Say how often it would have rung, unless the form has changed meanwhile."""
        if filled.form.target is None:
            # What there is to choose from is read while the form is looked at.
            await self.suggested("")
        elif not self.refusal(filled):
            await self._redraw(filled, turn, await self._counted(filled))

    async def _counted(self, filled: Filled) -> str:
        text = typed_again(rehearsal_of(filled.form))
        note = NOT_COUNTED
        if text is None:
            return note
        try:
            async for said in self._ask(text, filled.asker):
                if isinstance(said.answer, Rehearsal) and not said.waiting_for:
                    note = " ".join(said.answer.notes)
        except Exception:
            log.exception("it could not be counted how often a watch would have rung")
        return note

    def _drawn(self, filled: Filled, note: str) -> Block:
        wrong = self.refusal(filled)
        typed = typed_again(command_of(filled.form))
        return dialog(
            filled.form,
            here=filled.here,
            typed=None if wrong else f"{self._command} {typed}",
            note=next(iter(wrong.values()), note),
            metadata=filled.metadata,
        )

    async def _redraw(self, filled: Filled, turn: int, note: str) -> bool:
        """Draw a form anew, and return whether that is what is to be seen.

        It is not where the form has changed since that turn, or is closed.
        """
        sheet = self._sheet(filled)
        async with sheet.pen:
            if sheet.turn != turn:
                return False
            before = sheet.now(filled.hash)
            view = self._drawn(filled, note)
            shown = await _shown(
                self._client.views_update(
                    view_id=filled.view, view=view, hash=before or None
                )
            )
            if shown is None:
                return False
            sheet.replaced |= {before, filled.hash}
            sheet.hash = str(shown.get("hash", ""))
            return sheet.turn == turn


async def _shown(
    call: Coroutine[Any, Any, AsyncSlackResponse],
) -> Mapping[str, Any] | None:
    """Return the modal as Slack shows it now; `None` where it does not.

    It may have been closed, or changed meanwhile: nothing is lost by that.
    """
    body = await ask_slack(call)
    if isinstance(body, Outcome):
        log.info("slack does not show a form", error=body.error)
        return None
    view = body.get("view")
    return view if isinstance(view, dict) else {}
