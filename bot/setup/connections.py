"""Looking at one connection: who we are there, what we see, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.setup.findings import Area, Finding, Grade
from providers.errors import ProviderError, Unauthorized

if TYPE_CHECKING:
    from providers.contract import Page, Provider
    from providers.model import Identity, Pipeline

SOON = timedelta(days=14)
"""A credential that expires within this time is worth a word."""

NOTHING_SEEN = (
    "Check the project or organisation in this connection's settings, and that its "
    "credential may see the pipelines."
)


async def examine(provider: Provider, now: datetime) -> tuple[Finding, ...]:
    """Ask a provider who we are, for one pipeline, and for that one's latest run."""
    name = name_of(provider)
    step = "the credential cannot be used"
    try:
        identity = await provider.check()
        step = "we are let in, but the list of pipelines cannot be read"
        page = await provider.list_pipelines(limit=1)
        step = "the pipelines are listed, but their runs cannot be read"
        await _read_runs(provider, page)
    except ProviderError as error:
        return (_failed(name, step, error, now),)
    seen = _found(
        name,
        Grade.OK if page.items else Grade.WARNING,
        "; ".join((*_who(identity), *_seen(identity, page))),
        None if page.items else NOTHING_SEEN,
    )
    return (seen, *_expiry(name, identity, now))


def name_of(provider: Provider) -> str:
    """Return how people know a connection: by its name and the vendor's product."""
    return f"{provider.connection} ({provider.title})"


async def _read_runs(provider: Provider, page: Page[Pipeline]) -> None:
    refs = [pipeline.ref for pipeline in page.items]
    if not refs:
        return
    looks = await provider.latest_runs(refs)
    for look in looks.values():
        if isinstance(look, ProviderError):
            raise look


def _failed(name: str, step: str, error: ProviderError, now: datetime) -> Finding:
    code = f" [{error.code}]" if error.code else ""
    request = f", request {error.request_id}" if error.request_id else ""
    fix = error.advice
    if isinstance(error, Unauthorized):
        # Signatures hold for minutes: seeing the time is enough to see that it is off.
        fix += f" This machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC."
    what = f"{step}: {error.what} ({error.detail}{code}{request})"
    return _found(name, Grade.FAILED, what, fix)


def _who(identity: Identity) -> tuple[str, ...]:
    known = ", ".join(part for part in (identity.name, identity.detail) if part)
    return (known,) if known else ("the credential works",)


def _seen(identity: Identity, page: Page[Pipeline]) -> tuple[str, ...]:
    if not page.items:
        return ("no pipeline can be seen",)
    if page.total is None:
        count = "more than one pipeline" if page.next else "one pipeline"
    else:
        count = f"{page.total} pipeline{'' if page.total == 1 else 's'}"
    # Some vendors' identity is the count.
    counts = () if count == identity.detail else (count,)
    return (*counts, "runs can be read")


def _expiry(name: str, identity: Identity, now: datetime) -> tuple[Finding, ...]:
    end = identity.expires_at
    if end is None or end - now >= SOON:
        return ()
    days = (end - now).days
    when = f"in {days} day{'' if days == 1 else 's'}" if days > 0 else "within a day"
    past = end <= now
    what = (
        f"the credential {'expired' if past else f'expires {when}'}, on {end:%Y-%m-%d}"
    )
    return (_found(name, Grade.WARNING, what, "Renew it before it stops working."),)


def _found(name: str, grade: Grade, what: str, fix: str | None) -> Finding:
    return Finding(area=Area.CONNECTION, name=name, grade=grade, what=what, fix=fix)
