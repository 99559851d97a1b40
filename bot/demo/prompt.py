"""The demo at a prompt: what is typed goes to the local Slack as a command."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.markup import escape

from bot.clock import SystemClock
from bot.demo.page import PORT, open_page
from bot.demo.stage import open_stage
from bot.render.message import Message, lines, plain
from bot.render.terminal import terminal

if TYPE_CHECKING:
    from rich.console import Console

    from bot.demo.stage import Stage
    from providers.clock import Clock

WELCOME = """\
[bold]Runbell[/bold], between five simulated clouds and a small local Slack, all on
127.0.0.1. Type what you would type in Slack:

  [cyan]/runs status[/cyan]            the latest run of every pipeline, worst first
  [cyan]/runs list release[/cyan]      recent runs, newest first
  [cyan]/runs watch release[/cyan]     to be told when it breaks, and when it is fixed
  [cyan]/runs help[/cyan]

[cyan]down northflank[/cyan] takes a cloud down, [cyan]up northflank[/cyan] brings it
back; who watches something of it is told within a minute or two.
[cyan]quit[/cyan] ends the demo.
"""
WATCH: Mapping[str, int] = {"idle": 30, "blind_after": 30}
"""How the demo watches, in seconds: whoever breaks a cloud waits to hear of it."""
ONLY_YOU = "Only visible to you"
FORM = (
    "A form has opened, which a terminal cannot show: fill it in in the browser, or "
    "type what it would say, such as watch release."
)
ENDS = frozenset({"quit", "exit", "q"})

ReadLine = Callable[[], str | None]
"""Returns the next line, or `None` at the end; may block."""


async def play(
    console: Console, read: ReadLine | None = None, *, port: int = PORT
) -> None:
    """Open the stage and answer what is typed, until `quit` or the end of the input.

    Meanwhile the same is to be seen in a browser, unless the port is taken.
    """
    clock = SystemClock()
    interactive = read is None and sys.stdin is not None and sys.stdin.isatty()
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(
            open_stage(clock, SystemRandom(), watch=WATCH)
        )
        try:
            page = await stack.enter_async_context(open_page(stage, port=port))
        except OSError as error:
            where = f"In a browser there is nothing to see: port {port} cannot be used"
            where = f"{where} ({error.strerror})."
        else:
            where = f"In a browser: [bold]{page.url}[/bold]"
        console.print(f"{where}\n")
        if interactive:
            console.print(WELCOME)
        if read is None:
            read = stack.enter_context(_keyboard() if interactive else _pipe())
        async for line in _lines(read):
            if line.casefold() in ENDS:
                break
            if line and not interactive:
                console.print(f"[dim]>[/dim] [cyan]{escape(line)}[/cyan]")
            if line:
                await _act(stage, clock, line, console)


async def _act(stage: Stage, clock: Clock, line: str, console: Console) -> None:
    verb, _, name = line.partition(" ")
    if verb in {"down", "up"} and name.strip() in stage.clouds:
        stage.clouds[name.strip()].trouble.down = -1 if verb == "down" else 0
        console.print(f"{name.strip()} is {verb} now.\n")
        return
    command = stage.settings.command
    is_command = line == command or line.startswith(f"{command} ")
    if line.startswith("/") and not is_command:
        console.print(f"{escape(verb)} is not a command here; try {command} help\n")
        return
    text = line.removeprefix(command).strip() if is_command else line
    now = clock.now().astimezone(ZoneInfo(stage.settings.timezone))
    for heard in await ask(stage, text):
        console.print(f"[dim]{heard.label}[/dim]")
        console.print(terminal(heard.message, now))


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that is said, and who sees it."""

    label: str
    message: Message


async def ask(stage: Stage, text: str) -> Sequence[Heard]:
    """Type the slash command into the local Slack; return what is said from then on.

    That is in the order in which Slack shows it, once the bot has said all it has to.
    """
    slack, person = stage.slack, stage.person
    ack = await slack.slash(person, stage.channel, stage.settings.command, text)
    if ack.error:
        return [Heard(ONLY_YOU, _line(f"Slack says: {ack.error}"))]
    form = slack.view(person)
    # What is said first may be replaced, once everybody has answered.
    await stage.bot.errands.settle()
    if slack.view(person) is not form:
        return [Heard(ONLY_YOU, _line(FORM))]
    said = slack.everything(stage.channel, viewer=person)
    return [
        Heard(
            ONLY_YOU if one.is_ephemeral else f"Visible to all in #{one.channel.name}",
            Message(one.text, tuple(one.blocks)),
        )
        for one in said
        if one.ts > ack.ts and one.bot_id
    ]


def _line(text: str) -> Message:
    return Message(text, (lines([[plain(text)]]),))


async def _lines(read: ReadLine) -> AsyncIterator[str]:
    """Yield what is typed, without holding up the loop that answers it."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def listen() -> None:
        line: str | None = ""
        while line is not None:
            wanted.acquire()
            line = read()
            try:
                loop.call_soon_threadsafe(typed.put_nowait, line)
            except RuntimeError:  # the demo has ended meanwhile
                return

    # A daemon: a thread that waits for the keyboard must not keep the process alive.
    threading.Thread(target=listen, daemon=True).start()
    while True:
        wanted.release()
        line = await typed.get()
        if line is None:
            return
        yield line.strip()


@contextmanager
def _keyboard() -> Iterator[ReadLine]:
    """Read lines with arrow keys and history, where Python was built with them.

    They change how the terminal echoes what is typed, and when the demo is interrupted
    in the middle of a line nobody else would change it back.
    """
    try:
        import readline  # noqa: F401, PLC0415 - importing is what switches it on
        import termios  # noqa: PLC0415 - not on every system
    except ImportError:
        yield _typed
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield _typed
    finally:
        if termios.tcgetattr(sys.stdin) != before:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
            print()  # noqa: T201 - as in `_typed`


@contextmanager
def _pipe() -> Iterator[ReadLine]:
    """Read lines of what is no terminal, without a prompt."""
    if sys.stdin is None:  # closed by whoever started the process
        yield lambda: None
        return
    # Unbuffered: a thread that waits inside of the buffer holds its lock, and Python
    # aborts when it cannot take that lock at the end of the process.
    piped = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - not ours to close

    def read() -> str | None:
        try:
            line = piped.readline()
        except OSError:
            return None
        return line.decode(errors="replace") if line else None

    yield read


def _typed() -> str | None:
    try:
        return input("> ")
    except (EOFError, KeyboardInterrupt, OSError):
        print()  # noqa: T201 - the shell's own prompt begins on a line of its own
        return None
