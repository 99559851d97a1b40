"""The answers about one run: `show` and `log`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.render import words
from bot.render.message import (
    Block,
    Element,
    Message,
    ago,
    bold,
    code,
    faint,
    header,
    lines,
    link,
    plain,
    preformatted,
    row,
)
from bot.render.rows import trouble_of_run

if TYPE_CHECKING:
    from bot.answers import Log, Show
    from providers.model import Run, Task

MOST_TASKS = 25
"""How many stages, jobs and steps are shown; the failing ones come first."""

MOST_FACTS = 10

INDENT = "\u2003"
"""An em space: Slack folds ordinary ones."""


def show(answer: Show, now: datetime) -> Message:
    """Return a run with its stages, what failed and why, and its facts."""
    run, name = answer.run, words.run_name(answer.pipeline, answer.run)
    title = f"{words.MARKS[run.state]} {name} {words.run_word(run)}"
    blocks: list[Block] = [header(title), lines(_about(answer, now))]
    if failure := _failure(run):
        blocks.append(lines(failure))
    if tasks := list(_tasks(run.tasks or (), now)):
        kept = tasks[:MOST_TASKS]
        if len(tasks) > len(kept):
            kept.append([plain(f"… and {len(tasks) - len(kept)} more")])
        blocks.append(lines(kept))
    if run.facts:
        facts = run.facts[:MOST_FACTS]
        blocks.append(lines([[bold(f"{f.label}: "), plain(f.value)] for f in facts]))
    failing = run.failing_path
    where = f" in {path_name(failing)}" if failing else ""
    why = f": {failing[-1].message}" if failing and failing[-1].message else ""
    return Message.of(f"{name} {words.run_word(run)}{where}{why}", blocks)


def log(answer: Log, now: datetime) -> Message:
    """Return the end of a log, as it is."""
    del now
    name = words.run_name(answer.pipeline, answer.run)
    text = answer.tail.text.strip("\n") or "(the log is empty)"
    head = [[plain("Log of "), bold(answer.task)]]
    if answer.tail.cut:
        head.append([faint("the end of it; earlier lines are left out")])
    where = answer.tail.url or answer.run.url
    if where:
        head.append([link("Open it where it runs", where)])
    blocks = [header(f"{name} {words.run_word(answer.run)}"), lines(head)]
    blocks.append(preformatted(text))
    last = text.splitlines()[-1]
    return Message.of(f"{name}, log of {answer.task}: {last}", blocks)


def path_name(path: tuple[Task, ...]) -> str:
    """Return the way down to a task, as people write it."""
    return " / ".join(task.name for task in path)


def _about(answer: Show, now: datetime) -> list[list[Element]]:
    run = answer.run
    took = run.took(now)
    actor = run.trigger.actor if run.trigger else None
    kind = run.trigger.kind.value if run.trigger and run.trigger.kind else None
    about = row(
        link("Open", run.url or answer.pipeline.url) if run.url else None,
        code(run.branch) if run.branch else None,
        run.change,
        actor,
        kind,
        words.duration(took) if took is not None else None,
        ago(run.moment, now) if run.moment else None,
    )
    found = [about or [plain("nothing more is known of it")]]
    if run.title:
        found.append([plain(run.title)])
    if run.commit and (run.commit.sha or run.commit.message):
        sha = (run.commit.sha or "")[:8]
        message = (run.commit.message or "").partition("\n")[0]
        found.append(row(code(sha) if sha else None, message or None))
    return [*found, *trouble_of_run(answer, now)]


def _failure(run: Run) -> list[list[Element]]:
    path = run.failing_path
    if not path:
        return []
    messages = [task.message for task in path if task.message]
    head = [plain("Failed in "), bold(path_name(path))]
    return [head, *([[plain(messages[-1])]] if messages else [])]


def _tasks(
    tasks: tuple[Task, ...], now: datetime, depth: int = 0
) -> Iterator[list[Element]]:
    for task in tasks:
        word = words.state_word(task.state, task.reason, task.native)
        took = words.duration(length) if (length := _took(task, now)) else None
        mark = plain(f"{INDENT * depth}{words.MARKS[task.state]} ")
        yield [mark, *row(bold(task.name), word, took)]
        yield from _tasks(task.children, now, depth + 1)


def _took(task: Task, now: datetime) -> timedelta | None:
    if task.started_at is None or (task.state.is_over and task.finished_at is None):
        return None
    return max((task.finished_at or now) - task.started_at, timedelta())
