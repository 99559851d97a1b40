"""`${NAME}` and `file:…` in the configuration → the values they stand for.

A value that came from outside is never read again for references, and never shown.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.settings.document import Document
from bot.settings.problems import Loc, shown

LARGEST = 64 * 1024
"""Bytes of a file with a secret; keys and certificates are far smaller."""

FILE = "file:"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[^{}]*)(?P<end>\})?")

UNRESOLVED = "unresolved"
"""Stands for a value that could not be had, so that the rest can still be checked."""

Unset = Callable[[Loc, str, str], bool]
"""Takes a place whose value could not be had, what is wrong and what to do instead.
Returns whether it keeps the problem for later; the value is then `None`.
"""


class _Trouble(Exception):
    def __init__(self, *, what: str, instead: str) -> None:
        super().__init__(what)
        self.what = what
        self.instead = instead


def resolve(
    document: Document,
    environ: Mapping[str, str],
    folder: Path,
    later: Unset = lambda _loc, _what, _instead: False,
) -> None:
    """Put the values in the places of the references, noting what cannot be had.

    Args:
        document: What was written; its `data` and `secrets` are changed.
        environ: The environment.
        folder: Where the paths of files begin.
        later: Told of what cannot be had, before it becomes a problem.

    """

    def walk(value: Any, loc: Loc) -> Any:
        if isinstance(value, dict):
            return {name: walk(inner, (*loc, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [
                walk(inner, (*loc, position)) for position, inner in enumerate(value)
            ]
        return text(value, loc) if isinstance(value, str) else value

    def text(written: str, loc: Loc) -> Any:
        try:
            value = _value(written, environ, folder)
        except _Trouble as trouble:
            if later(loc, trouble.what, trouble.instead):
                return None
            document.report(loc, trouble.what, trouble.instead)
            return UNRESOLVED
        if is_reference(written):
            hide(document, value)
        return value

    document.data = walk(document.data, ())


def hide(document: Document, value: str) -> None:
    """Keep a value out of every problem, also where a message has it changed a bit."""
    stripped = value.strip()
    for form in (value, stripped, stripped.rstrip("/"), repr(stripped)[1:-1]):
        document.secrets.add(form)


def is_reference(written: str) -> bool:
    """Whether a value as written takes something from outside."""
    named = (match["name"] for match in _REFERENCE.finditer(written))
    return written.startswith(FILE) or any(name is not None for name in named)


def _value(written: str, environ: Mapping[str, str], folder: Path) -> str:
    if written.startswith(FILE):
        return _file(_expanded(written.removeprefix(FILE), environ), written, folder)
    value = _expanded(written, environ)
    if not value and is_reference(written):
        raise _Trouble(what=f"{written} is empty", instead="export a value")
    return value


def _expanded(written: str, environ: Mapping[str, str]) -> str:
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "${"
        if not match["end"]:
            raise _Trouble(
                what="there is a ${ without its }",
                instead="write ${NAME}, or $${ for a plain ${",
            )
        if not NAME.fullmatch(name):
            raise _Trouble(
                what="what stands in ${…} is no name of a variable",
                instead="use letters, digits and _ only, or write $${ for a plain ${",
            )
        if name not in environ:
            missing.append(name)
        return environ.get(name, "")

    value = _REFERENCE.sub(put, written)
    if missing:
        names = list(dict.fromkeys(missing))
        verb = "is" if len(names) == 1 else "are"
        exports = ", ".join(f"{name}=…" for name in names)
        raise _Trouble(
            what=f"{' and '.join(names)} {verb} not set in the environment",
            instead=f"export {exports} before starting Runbell",
        )
    return value


def _file(name: str, written: str, folder: Path) -> str:
    if not name.strip():
        raise _Trouble(
            what="no file is named after file:",
            instead="write file:/path/to/the/secret",
        )
    path = folder / name.strip()
    try:
        # A device or a pipe could be read for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _Trouble(
                what=f"{shown(written)} is no plain file", instead="name a file"
            )
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        value = raw.decode("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        instead = "create it; a relative path begins at the configuration's folder"
        raise _Trouble(
            what=f"{shown(written)} does not exist", instead=instead
        ) from None
    except OSError as error:
        what = f"{shown(written)} cannot be read ({error.strerror})"
        raise _Trouble(
            what=what, instead="let the user that Runbell runs as read it"
        ) from None
    except ValueError:
        what = f"{shown(written)} is no text, or no path"
        raise _Trouble(what=what, instead="name a file of UTF-8 text") from None
    if len(raw) > LARGEST:
        raise _Trouble(
            what=f"{shown(written)} is larger than {LARGEST} bytes",
            instead="name another",
        )
    if not value:
        raise _Trouble(
            what=f"{shown(written)} is empty", instead="write the value into the file"
        )
    return value
