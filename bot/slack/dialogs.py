"""The form of a watch, as a modal: opened, kept up to date, and taken in.

Every change is drawn at once, with the command that says the same. How often such a
watch would have rung takes longer, and follows where nothing has changed meanwhile.
What has been typed stays in its field, since that keeps its block_id and action_id.

https://docs.slack.dev/reference/methods/views.open
https://docs.slack.dev/reference/methods/views.update
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from cachetools import LRUCache

from bot.answers import Rehearsal
from bot.commands.forms import command_of, rehearsal_of
from bot.commands.gather import typed_again
from bot.render.dialog import LONGEST_METADATA, Field, dialog, options
from bot.slack.filled import Filled
from bot.slack.outcomes import ask as ask_slack
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


class Dialogs:
    """Forms that are open, each for one person."""

    def __init__(
        self, *, client: AsyncWebClient, ask: Ask, suggest: Suggest, command: str
    ) -> None:
        self._client = client
        self._ask = ask
        self._suggest = suggest
        self._command = command
        self._turns: LRUCache[str, int] = LRUCache(MOST_OPEN)

    async def open(
        self, asked: Dialog, *, trigger: str, url: str, asker: Asker
    ) -> bool:
        """Open a form; return whether it is open. A trigger is good for three seconds.

        https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
        """
        filled = Filled(form=asked.form, asker=asker, url=url)
        if not trigger or len(filled.metadata) > LONGEST_METADATA:
            return False
        counts = asked.form.target is not None
        view = self._drawn(filled, COUNTING if counts else "")
        shown = await _shown(self._client.views_open(trigger_id=trigger, view=view))
        if shown is None:
            return False
        filled = replace(filled, view=str(shown.get("id", "")))
        await self._count(filled, self._turn(filled), str(shown.get("hash", "")))
        return True

    async def changed(self, body: Mapping[str, Any]) -> None:
        """Draw a form anew, after a field of it was changed."""
        filled = Filled.read(body)
        if filled is None or not filled.view:
            log.warning("a change of a form that nobody knows")
            return
        turn = self._turn(filled)
        note = COUNTING if filled.form.target else ""
        shown = await self._redraw(filled, note)
        if shown is not None:
            await self._count(filled, turn, str(shown.get("hash", "")))

    async def suggested(self, query: str) -> list[Block]:
        """Return what a menu offers for what was typed into it, from what is known."""
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

    def _turn(self, filled: Filled) -> int:
        turn = self._turns.get(filled.view, 0) + 1
        self._turns[filled.view] = turn
        return turn

    async def _count(self, filled: Filled, turn: int, hash_: str) -> None:
        """Say how often it would have rung, unless the form has changed meanwhile."""
        if filled.form.target is None:
            # What there is to choose from is read while the form is looked at.
            await self.suggested("")
            return
        note = await self._counted(filled)
        if self._turns.get(filled.view) == turn:
            await self._redraw(filled, note, hash_)

    async def _counted(self, filled: Filled) -> str:
        text = typed_again(rehearsal_of(filled.form))
        note = NOT_COUNTED
        if text is None or not filled.form.on:
            return note
        try:
            async for said in self._ask(text, filled.asker):
                if isinstance(said.answer, Rehearsal) and not said.waiting_for:
                    note = " ".join(said.answer.notes)
        except Exception:
            log.exception("it could not be counted how often a watch would have rung")
        return note

    def _drawn(self, filled: Filled, note: str) -> Block:
        form = filled.form
        typed = None if self.refusal(filled) else typed_again(command_of(form))
        return dialog(
            form,
            typed=f"{self._command} {typed}" if typed else None,
            note=note,
            metadata=filled.metadata,
        )

    async def _redraw(
        self, filled: Filled, note: str, hash_: str | None = None
    ) -> Mapping[str, Any] | None:
        view = self._drawn(filled, note)
        call = self._client.views_update(view_id=filled.view, view=view, hash=hash_)
        return await _shown(call)


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
