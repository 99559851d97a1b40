"""The machine: how much it wavers by itself, and what it says of a process."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

PROC = Path("/proc")
LOOPS = 15
TURNS = 200_000
"""Some ten milliseconds on a machine of these years."""

_USER, _SYSTEM = 11, 12
"""Where the two stand after the name in /proc/<pid>/stat, see proc(5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How long the same work took again and again, in seconds, and how busy it was."""

    least: float
    median: float
    most: float
    load: tuple[float, float, float] | None
    """The load average of 1, 5 and 15 minutes, where the system tells."""

    @override
    def __str__(self) -> str:
        took = ", ".join(
            f"{s * 1000:.1f}" for s in (self.least, self.median, self.most)
        )
        load = ", ".join(f"{n:.2f}" for n in self.load or ()) or "unknown"
        return f"{took} ms (least, median, most); load average {load}"


def noise() -> Noise:
    """Measure a fixed loop, which only the machine can make slower or faster."""
    took = sorted(_loop() for _ in range(LOOPS))
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    return Noise(
        least=took[0], median=statistics.median(took), most=took[-1], load=load
    )


def described() -> str:
    """Return what kind of machine this is, without its name."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, {python}"


def cpu_seconds(pid: int) -> float | None:
    """Return the processor time a process has used; `None` where nobody tells."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return None
    # The name stands in brackets and may hold anything, brackets included.
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """Return the memory a process holds (RSS); `None` where nobody tells."""
    try:
        text = (PROC / str(pid) / "status").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return None


def _loop() -> float:
    begin = time.perf_counter()
    total = 0
    for number in range(TURNS):
        total += number * number % 7
    return time.perf_counter() - begin
