"""The demo's page in a real browser: typing, breaking a cloud, pressing, filling in."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.demo.clouds.world import Ending
from bot.demo.page import open_page
from bot.demo.stage import BOT_TOKEN, Stage, open_stage
from tests.fakes.browser import CHROMIUM, MISSING, Browser
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

CLOUDS = ("nsml", "flow", "codearts", "check", "northflank")
BLOCKS = Path(__file__).parent / "blocks"


@pytest.fixture
def clock() -> FakeClock:
    # The browser has the machine's own time, and tells ages by it.
    return FakeClock(SystemClock().now())


@pytest.fixture
async def stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(clock, random.Random(7)) as stage:  # noqa: S311 - repeatable on purpose
        yield stage


@pytest.fixture
async def browser(stage: Stage, tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser on the page, its cursor in the message field."""
    async with open_page(stage, port=0) as page, Browser(tmp_path) as browser:
        await browser.open(page.url)
        await browser.until("document.activeElement?.id === 'composer'")
        yield browser
        assert browser.problems == []


@pytest.fixture
def app(stage: Stage) -> AsyncWebClient:
    """The bot's own way to say something, beside the bot."""
    return AsyncWebClient(token=BOT_TOKEN, base_url=stage.slack.api_url)


async def say(browser: Browser, text: str) -> None:
    await browser.type(text)
    await browser.press("Enter")


async def answer(browser: Browser, turn: int) -> str:
    """Return the answer with this number, once there is one with all it has to say."""
    query = f"document.querySelectorAll('.message.ephemeral')[{turn}]"
    await browser.until(f"{query}?.querySelector('.content time')")
    return str(await browser.evaluate(f"{query}.innerText"))


def read(name: str) -> Any:
    return json.loads((BLOCKS / f"{name}.json").read_text(encoding="utf-8"))


async def test_a_question_is_answered_and_a_broken_cloud_is_told(
    stage: Stage, clock: FakeClock, browser: Browser
) -> None:
    await say(browser, "/runs status")
    first = await answer(browser, 0)
    assert "Only visible to you" in first
    for cloud in stage.clouds.values():
        for pipeline in cloud.world.pipelines():
            assert pipeline.name in first
    assert "only visible to you" in await browser.text("#announcer")

    await browser.click("[aria-label='Break northflank']")
    await browser.until("document.querySelector(\"[aria-label='Repair northflank']\")")
    assert stage.clouds["northflank"].trouble.down == -1
    clock.move(timedelta(seconds=30))
    await browser.evaluate("document.querySelector('#composer').focus()")
    await say(browser, "/runs status")
    second = await answer(browser, 1)

    assert "the provider cannot be reached" in second
    assert "last known, read " in second
    for name in CLOUDS:
        assert name in second


async def test_a_mention_is_answered_in_a_thread(browser: Browser) -> None:
    await say(browser, "@runbell help")
    await browser.click(".replies")
    await browser.until(
        "document.querySelectorAll('.thread .message').length === 2"
        " && document.activeElement?.closest('.thread')"
    )
    assert "What I can do" in await browser.text(".thread")

    await say(browser, "@runbell help")
    await browser.until("document.querySelectorAll('.thread .message').length === 4")
    await browser.press("Escape")
    await browser.until("!document.querySelector('.thread')")
    assert "3 replies" in await browser.text(".replies")


async def test_what_slack_would_not_take_is_said_and_can_be_put_right(
    browser: Browser,
) -> None:
    await say(browser, "/deploy now")

    assert "/deploy is no command here" in await browser.text("[role=alert]")
    field = "document.querySelector('#composer').value"
    await browser.until(f"{field} === '/deploy now'")


async def test_every_block_is_drawn_or_named(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    blocks = read("gallery")
    await app.chat_postMessage(
        channel=stage.channel.id,
        text="one of each",
        blocks=blocks,
        attachments=[{"color": "danger", "text": "an *attachment*"}],
    )
    said = await browser.text(".message .content")

    # Plain text is not parsed, also where it looks like something.
    assert "A *header* with <!channel> & a_b_c" in said
    assert "*web*" in said
    # The number, where the library stumbles; what it does not know; what is elsewhere.
    assert "12" in said
    assert "Data of a table" in said
    assert "Picture: a chart" in said
    assert "years ago" in said
    assert "an attachment" in said
    drawn = "document.querySelectorAll('.message .not-drawn').length"
    assert await browser.evaluate(drawn) == 0


async def test_what_cannot_be_drawn_is_named(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    blocks = [
        {
            "type": "input",
            "label": {"type": "plain_text", "text": "Words"},
            "element": {"type": "rich_text_input", "action_id": "words"},
        }
    ]
    await app.chat_postMessage(channel=stage.channel.id, text="x", blocks=blocks)

    assert "cannot draw “rich_text_input”" in await browser.text(".not-drawn")


async def test_a_menu_is_chosen_from_by_keyboard_alone(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    await app.chat_postMessage(
        channel=stage.channel.id, text="x", blocks=read("gallery")
    )
    menu = "[aria-label='Pick one: Pick one']"
    await browser.until(f'document.querySelector("{menu}")')
    await browser.evaluate(f'document.querySelector("{menu}").focus()')
    await browser.press("Enter")
    await browser.until("document.activeElement?.role === 'menuitem'")
    await browser.press("ArrowDown")
    await browser.press("Enter")
    await stage.slack.wait_for(lambda: stage.slack.deliveries)

    [action] = stage.slack.deliveries[-1].payload["actions"]
    assert action["selected_option"]["value"] == "two"
    await browser.until("document.activeElement?.ariaHasPopup === 'menu'")
    # The menu is none of the bot's answers, and it says so.
    said = await browser.text(".message.ephemeral")
    assert "I do not know this button" in said


async def test_a_button_that_asks_first_does_nothing_until_it_is_agreed(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    await app.chat_postMessage(
        channel=stage.channel.id, text="x", blocks=read("gallery")
    )
    await browser.click(".message .button.danger")
    assert "It cannot be undone." in await browser.text("dialog[open]")
    await browser.press("Escape")
    await browser.until("!document.querySelector('dialog[open]')")
    assert stage.slack.deliveries == []

    await browser.click(".message .button.danger")
    await browser.click("dialog[open] .button.primary")
    await stage.slack.wait_for(lambda: stage.slack.deliveries)
    [action] = stage.slack.deliveries[-1].payload["actions"]
    assert action["action_id"] == "stop"


async def test_a_modal_is_filled_in_and_submitted(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    await stage.slack.slash(stage.person, stage.channel, "/runs", "help")
    trigger = stage.slack.deliveries[-1].payload["trigger_id"]
    await app.views_open(trigger_id=trigger, view=read("modal"))
    stage.slack.ack_patience = 0.2  # nobody listens to this modal
    await browser.until("document.activeElement?.closest('.modal-body')")

    await browser.type("web")
    await browser.press("Enter")
    await stage.slack.wait_for(lambda: len(stage.slack.deliveries) > 1)

    view = stage.slack.deliveries[-1].payload["view"]
    assert view["state"]["values"]["name"]["typed"]["value"] == "web"
    assert "operation_timeout" in await browser.text("dialog [role=alert]")
    await browser.press("Escape")
    await browser.until("!document.querySelector('dialog[open]')")
    assert stage.slack.view(stage.person) is None


COMMAND = "document.querySelector('.modal-body').innerText"


async def test_a_watch_is_filled_in_with_keys_and_mouse_and_told_to_all(
    stage: Stage, browser: Browser
) -> None:
    await say(browser, "/runs watch")
    await browser.until("document.activeElement?.role === 'combobox'")
    await browser.type("nothing like it")
    await browser.until(
        "document.querySelector('.search-list').innerText === 'Nothing fits'"
    )
    await browser.press("Escape")
    await browser.until("!document.querySelector('.search-list')")
    await browser.type("release")
    await browser.until("document.querySelectorAll('[role=option]').length === 2")
    await browser.press("ArrowDown")
    await browser.press("ArrowUp")
    await browser.press("Enter")
    await browser.until(f"{COMMAND}.includes('watch flow:')")

    await browser.click("input[type=checkbox][name]:checked")
    await browser.until(f"{COMMAND}.includes('on:fixed')")
    await browser.evaluate("document.querySelector('[maxlength]').focus()")
    await browser.type("main")
    await browser.until(f"{COMMAND}.includes('branch:main on:fixed')")
    # How often depends on how the simulated runs ended: it may be never.
    await browser.until(f"/would (not )?have rung/.test({COMMAND})")
    await browser.press("Enter")
    await browser.until("!document.querySelector('dialog')")

    said = await browser.text(".message.ephemeral .content")
    assert "I watch payments-release (flow), as w" in said
    told = await browser.text(".message:not(.ephemeral)")
    assert "@you watches payments-release (flow) here, as w" in told
    assert stage.slack.refused == []

    await say(browser, "/runs watches")
    await browser.until("document.querySelector('.overflow')")
    await walk_back(browser, "⋯")
    await browser.press("Enter")
    await browser.until("document.activeElement?.role === 'menuitem'")
    await walk_down(browser, "Edit")
    await browser.press("Enter")
    assert await browser.text("#modal-title") == "Change a watch"
    field = "document.querySelector('[maxlength]').value"
    assert await browser.evaluate(field) == "main"
    await browser.press("Escape")
    await browser.until("!document.querySelector('dialog')")


async def test_what_is_wrong_with_a_form_is_said_at_its_field_until_it_is_changed(
    browser: Browser,
) -> None:
    await say(browser, "/runs watch")
    await browser.click("dialog .button.primary")
    assert await browser.text(".field-problem") == "This field has to be filled in."
    await browser.until("document.activeElement?.ariaInvalid === 'true'")

    await browser.press("ArrowDown")
    await browser.click("[role=option]")
    await browser.until("!document.querySelector('.field-problem')")


async def test_a_message_that_changes_is_changed_in_place(
    stage: Stage, browser: Browser, app: AsyncWebClient
) -> None:
    place = stage.channel.id
    said = await app.chat_postMessage(channel=place, text="still reading")
    await browser.until(
        "document.querySelector('.content')?.innerText === 'still reading'"
    )
    await app.chat_update(channel=place, ts=str(said["ts"]), text="all is well")

    await browser.until(
        "document.querySelector('.content').innerText.startsWith('all is well')"
    )
    assert await browser.evaluate("document.querySelectorAll('.message').length") == 1
    await browser.until(
        "document.querySelector('#announcer').innerText === 'runbell: all is well'"
    )


# --- what the bot lets people press -------------------------------------------------

FOCUS = "document.activeElement?.innerText ?? ''"


async def walk_back(browser: Browser, words: str) -> None:
    """Go back with the Tab key until the focus is on what has these words."""
    for _ in range(30):
        if str(await browser.evaluate(FOCUS)).startswith(words):
            return
        await browser.press("Tab", shift=True)
    raise AssertionError("the keyboard does not lead there", words)


async def walk_down(browser: Browser, words: str) -> None:
    """Go down a menu until the focus is on what begins with these words."""
    for _ in range(30):
        if str(await browser.evaluate(FOCUS)).startswith(words):
            return
        await browser.press("ArrowDown")
    raise AssertionError("the menu does not have it", words)


async def test_by_keyboard_alone_from_the_question_to_the_step_that_failed(
    stage: Stage, clock: FakeClock, browser: Browser
) -> None:
    world = stage.clouds["flow"].world
    pipeline = world.pipelines()[0]
    clock.move(timedelta(seconds=30))
    world.start(pipeline.id, Ending.FAILS)
    await say(browser, "/runs status flow")
    await answer(browser, 0)
    message = "document.querySelectorAll('.message.ephemeral')"
    assert "Refresh" in await answer(browser, 0)

    clock.move(pipeline.every - timedelta(seconds=60))
    await walk_back(browser, "Refresh")
    await browser.press("Enter")
    await browser.until(f"{message}[0].dataset.revision === '1'")
    await browser.until("document.activeElement?.innerText === 'Refresh'")
    number = world.runs(pipeline.id)[0].run.number
    failed = f"❌ failed  {pipeline.name} #{number}"
    assert failed.replace("  ", " ") in (await answer(browser, 0)).replace("  ", " ")

    await walk_back(browser, "Look at a run…")
    await browser.press("Enter")
    await browser.until("document.activeElement?.role === 'menuitem'")
    await walk_down(browser, f"❌ {pipeline.name} #{number}")
    await browser.press("Enter")
    run = await answer(browser, 1)

    job = pipeline.stages[-1].jobs[-1].name
    assert "Failed in " in run
    assert job in run
    assert "only visible to you" in await browser.text("#announcer")
    assert await browser.evaluate(f"{message}.length") == 2


async def test_by_mouse_an_answer_is_shared_with_everybody(
    stage: Stage, browser: Browser
) -> None:
    await say(browser, "/runs status flow")
    await answer(browser, 0)
    buttons = "[...document.querySelectorAll('.message .button')]"
    share = f"{buttons}.find((b) => b.innerText === 'Share here')"
    await browser.evaluate(f"{share}.click()")

    await browser.until("!document.querySelector('.message.ephemeral')")
    said = await browser.text(".message .content")
    assert "shared by @you" in said
    assert "Share here" not in said
