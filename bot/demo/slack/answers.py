"""What the app answers to an interaction: with its acknowledgement, or a little later.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.content import read_content, read_view
from bot.demo.slack.errors import ApiError
from bot.demo.slack.messages import Content, Message
from bot.demo.slack.state import State
from bot.demo.slack.tickets import Response
from bot.demo.slack.views import View

CONTENT = ("text", "blocks", "attachments")


def take_acknowledgement(
    state: State, path: str, body: Any, typed: str
) -> Message | None:
    """Show what the acknowledgement of a slash command carried, if it carried any.

    `response_type: in_channel` also shows everybody what the person typed.

    Raises:
        ApiError: what is wrong with it.

    """
    args = Args(body if isinstance(body, dict) else {"text": body})
    response = state.tickets.open_response(path)
    if args.text("response_type") == "in_channel":
        state.say(response.channel, response.user, typed)
    if not any(args.given.get(name) for name in CONTENT):
        return None
    return _post(state, response, args, read_content(args, state.random))


def answer(state: State, path: str, args: Args) -> None:
    """Do what a post to a response URL asks for; it counts when it was accepted.

    Raises:
        ApiError: what is wrong with it.

    """
    response = state.tickets.open_response(path)
    original = response.original
    if original is not None and original.deleted:
        original = None
    if args.flag("delete_original"):
        if original is None:
            raise ApiError("message_not_found")
        original.deleted = True
    else:
        content = read_content(args, state.random)
        if args.flag("replace_original") and original is not None:
            # What one person sees stays so: it can never become what all see.
            original.rewrite(content, None)
        else:
            _post(state, response, args, content)
    response.uses += 1
    state.changes.announce()


def _post(state: State, response: Response, args: Args, content: Content) -> Message:
    is_public = args.text("response_type") == "in_channel"
    message = state.say_as_app(
        response.channel,
        content,
        thread_ts=args.text("thread_ts"),
        shown_to=None if is_public else response.user,
    )
    if response.is_command:
        response.original = message
    return message


def take_submission(state: State, view: View, body: Any) -> None:
    """Do with a submitted modal what the acknowledgement says; without a word, close.

    https://docs.slack.dev/surfaces/modals#response_actions

    Raises:
        ApiError: what is wrong with it.

    """
    said = body if isinstance(body, dict) else {}
    action = said.get("response_action")
    if action == "errors":
        _refuse_unknown_fields(view, said.get("errors"))
    elif action == "update":
        state.views.update(view, read_view(Args(said), "modal"), None)
    elif action == "push":
        state.views.push(view.user, read_view(Args(said), "modal"))
    elif action in (None, "clear"):
        state.views.close(view, all_of_them=action == "clear")
    else:
        raise ApiError("invalid_response_action")
    state.changes.announce()


def _refuse_unknown_fields(view: View, errors: Any) -> None:
    """Errors are keyed by the block_id of an input; Slack drops all others."""
    inputs = {b["block_id"] for b in view.blocks if b["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not inputs.issuperset(errors):
        raise ApiError("invalid_response_errors")
