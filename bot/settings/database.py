"""Where the store is: the setting, the environment, or a file beside the configuration.

What is checked here is what a person gets wrong; `bot.store` reads the address itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from pydantic import SecretStr

from bot.settings.document import Document
from bot.settings.references import hide, is_reference

VARIABLE = "RUNBELL_DATABASE_URL"
DEFAULT = "sqlite:///runbell.db"

FILES = "sqlite:///"
SERVERS = ("postgresql://", "postgres://")

LOC = ("database",)

_PASSWORD = re.compile(r"^\w+://[^/?@]*?:(?P<password>[^/?]*)@|[?&]password=([^&#]+)")


def database(document: Document, environ: Mapping[str, str], folder: Path) -> SecretStr:
    """Return the database's URL, after noting what is wrong with it.

    The file goes before the environment. The path of an SQLite file is relative to the
    folder of the configuration.
    """
    written = document.data.pop("database", None)
    if document.is_broken(LOC):
        return SecretStr(DEFAULT)
    if written is None:
        return SecretStr(_resolved(_of_environment(document, environ), folder))
    if not isinstance(written, str) or not _is_address(written):
        document.report(LOC, *WRONG)
        return SecretStr(DEFAULT)
    as_it_stands = document.written[LOC].text or ""
    if (secret := password(written)) and not is_reference(as_it_stands):
        hide(document, secret)
        what = "a password stands here in clear text"
        instead = f"export {VARIABLE}=…, or write ${{A_VARIABLE}} in its place"
        document.report(LOC, what, instead)
    return SecretStr(_resolved(written, folder))


WRONG = (
    "this is no address of a database",
    f"write sqlite:///path/to/runbell.db, or export {VARIABLE}=postgresql://…",
)


def password(url: str) -> str | None:
    """Return the password in a database's URL, as it is written there."""
    found = _PASSWORD.search(url)
    return (found["password"] or found[2]) if found else None


def secrets(url: SecretStr) -> tuple[str, ...]:
    """Return what must be shown nowhere: the password, as written and as meant."""
    text = url.get_secret_value()
    found = password(text)
    if found is None:
        return ()
    return tuple(dict.fromkeys((text, found, unquote(found))))


def _of_environment(document: Document, environ: Mapping[str, str]) -> str:
    text = environ.get(VARIABLE, "").strip()
    if text and not _is_address(text):
        what, instead = WRONG[0], f"export {VARIABLE}=postgresql://… or sqlite:///…"
        document.remark((), f"{VARIABLE}: {what}", instead)
        return DEFAULT
    return text or DEFAULT


def _is_address(text: str) -> bool:
    return text.startswith((FILES, *SERVERS)) and text.strip() != FILES


def _resolved(url: str, folder: Path) -> str:
    """Return the URL with a file's path made absolute."""
    text = url.strip()
    if not text.startswith(FILES):
        return text
    return f"{FILES}{(folder / text.removeprefix(FILES)).absolute()}"
