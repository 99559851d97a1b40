"""How the demo at its prompt ends: quietly, whoever types and however it is ended."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

ROOT = Path(__file__).parents[3]

INTERRUPTED = 130
CTRL_C, CTRL_D = b"\x03", b"\x04"


def demo(
    stdin: int | None, out: int, first: Callable[[], object] = int
) -> subprocess.Popen[str]:
    """Start the demo in a session of its own; `first` runs in it before."""

    def begin() -> None:
        # What a shell starts in the background is told to ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        first()

    return subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"],
        cwd=ROOT,
        stdin=stdin,
        stdout=out,
        stderr=out,
        start_new_session=True,
        preexec_fn=begin,  # noqa: PLW1509 - no other thread runs here
        text=True,
    )


def pipe(end: IO[Any] | None) -> IO[Any]:
    """Return the end of a pipe that there is."""
    assert end is not None
    return end


def test_ctrl_c_while_it_waits_for_a_pipe_ends_it_without_noise() -> None:
    with demo(subprocess.PIPE, subprocess.PIPE) as process:
        print("/runs help", file=pipe(process.stdin), flush=True)
        # When it answers, the thread that reads waits for the next line soon.
        for line in pipe(process.stdout):
            if "What I can do" in line:
                break
        process.send_signal(signal.SIGINT)

        assert process.wait(20) == INTERRUPTED
        assert pipe(process.stderr).read() == ""


def test_the_last_line_of_a_pipe_counts_even_if_nothing_ends_it() -> None:
    with demo(subprocess.PIPE, subprocess.PIPE) as process:
        shown, told = process.communicate("/runs help", timeout=50)

    assert (process.returncode, told) == (0, "")
    assert "What I can do" in shown
    assert "\x1b" not in shown


def test_no_standard_input_at_all_is_an_end_too() -> None:
    with demo(None, subprocess.PIPE, lambda: os.close(0)) as process:
        _, told = process.communicate(timeout=50)

    assert (process.returncode, told) == (0, "")


def take_terminal() -> None:
    """Make standard input the terminal that Ctrl-C comes from."""
    import fcntl  # noqa: PLC0415 - in the child, and nowhere else

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, INTERRUPTED), (CTRL_D, 0)])
def test_the_terminal_is_left_as_it_was(key: bytes, code: int) -> None:
    keyboard, screen = pty.openpty()
    before = termios.tcgetattr(screen)
    with demo(screen, screen, take_terminal) as process:
        shown = b""
        while not shown.endswith(b"> "):
            shown += os.read(keyboard, 4096)
        os.write(keyboard, key)

        assert process.wait(20) == code
        after = termios.tcgetattr(screen)
        said = os.read(keyboard, 4096)
    os.close(keyboard)
    os.close(screen)

    assert after == before
    assert said.endswith(b"\r\n"), "the shell's prompt begins on a line of its own"
    assert b"Traceback" not in said
