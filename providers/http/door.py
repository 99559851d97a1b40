"""The one door to the network.

Time-outs, budgets, retries, status to error and the masking of secrets meet here and
nowhere else, so that no provider can forget one. An `Http` is one configured
connection's door to the process's `Network`: `gate` says whether a request may go,
`line` carries it, `patience` says whether to try again, and here it is decided what
the answer means.
"""

from __future__ import annotations

import json as jsonlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying

from providers import target
from providers.answer import (
    Answer,
    Fault,
    NoAnswer,
    ReadFault,
    ReadQuota,
    fault_of_status,
    retry_after,
)
from providers.errors import ProviderError, Refused
from providers.http.gate import Closed, Gate
from providers.http.line import Line, Request
from providers.http.network import Exchange, Network
from providers.http.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

    from providers.masking import Secrets
    from providers.settings import ConnectionSettings

LONGEST_PAUSE = timedelta(days=1)
"""A vendor that asks for more (or sends nonsense) is asked again after this."""

JSON = "application/json;charset=utf-8"


class Http:
    """One connection's door: requests in, answers or `ProviderError`s out.

    Retries what is repeatable and transient (three attempts, jittered, as late as the
    vendor asks), each attempt signed anew. Keeps to the connection's budget, to so many
    requests at once, and to the pause a vendor asked for.

    Raises:
        ValueError: the address is not https, and the settings do not allow that.

    """

    def __init__(
        self,
        network: Network,
        *,
        connection: str,
        base_url: str,
        settings: ConnectionSettings,
        auth: httpx.Auth,
        secrets: Secrets,
        read_fault: ReadFault = fault_of_status,
        read_quota: ReadQuota = lambda _: None,
    ) -> None:
        if not (settings.allow_http or base_url.startswith("https://")):
            msg = f"connection {connection}: the address must be https://"
            raise ValueError(msg)
        self.connection = connection
        self.base_url = base_url.rstrip("/")
        self._network = network
        self._secrets = secrets
        self._read_fault = read_fault
        self._read_quota = read_quota
        self._gate = Gate(
            clock=network.clock,
            concurrency=settings.concurrency,
            per_hour=settings.requests_per_hour,
        )
        self._line = Line(
            client=network.client,
            connection=connection,
            base_url=self.base_url,
            auth=auth,
            timeout=settings.timeout,
            most_bytes=settings.max_answer_bytes,
            mask=secrets.mask,
        )

    async def get(
        self,
        operation: str,
        template: str,
        *parts: str | int,
        query: target.Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET the path of the template, each `{}` filled by an escaped part."""
        where = self._target(operation, template, parts, query)
        return await self.send(
            Request(
                operation=operation,
                method="GET",
                target=where,
                headers=dict(headers or {}),
                repeatable=True,
            )
        )

    async def post(
        self,
        operation: str,
        template: str,
        *parts: str | int,
        query: target.Query | None = None,
        json: Any = None,
        repeatable: bool,
    ) -> Answer:
        """POST JSON, or nothing where it is `None`.

        `repeatable` says that this only reads, in spite of the verb.
        """
        where = self._target(operation, template, parts, query)
        return await self.send(
            Request(
                operation=operation,
                method="POST",
                target=where,
                content=b"" if json is None else self._body(operation, json),
                headers={} if json is None else {"Content-Type": JSON},
                repeatable=repeatable,
            )
        )

    async def send(self, request: Request) -> Answer:
        """Send, and return the answer that carries data.

        Raises:
            ProviderError: of the kind the vendor's words, or else its status, mean.

        """
        patience = Patience(self._network.random, is_repeatable=request.repeatable)
        retrying = AsyncRetrying(
            sleep=self._sleep,
            retry=patience.is_worth_another,
            wait=patience.wait,
            reraise=True,
        )
        return await retrying(self._attempt, request)

    async def _attempt(self, request: Request) -> Answer:
        try:
            async with self._gate.place() as sent_at:
                return await self._exchange(request, sent_at)
        except Closed as closed:
            fault = closed.fault
        raise self._error(fault, request)

    async def _exchange(self, request: Request, sent_at: int) -> Answer:
        """Send once, and let the gate and the observer know how it went."""
        with self._observed(request) as seen:
            try:
                answer = await self._line.ask(request)
            except NoAnswer as failed:
                fault = self._dated(failed.fault)
                self._gate.learn_of_silence(fault)
                self._gate.learn(fault, None, sent_at=sent_at)
            else:
                seen.status = answer.status
                found = self._fault_in(answer)
                self._gate.learn(found, self._read_quota(answer), sent_at=sent_at)
                if found is None:
                    return answer
                fault = found
            # Out here, so that no error drags along another that holds the request.
            raise self._error(fault, request)

    def _fault_in(self, answer: Answer) -> Fault | None:
        """Return what is wrong with an answer, in words that hold no secret."""
        fault = self._read_fault(answer) or fault_of_status(answer)
        if fault is None:
            return None
        # Masked once more before it is cut to length: half a secret is not recognised.
        headers = {k: self._secrets.mask(v) for k, v in answer.headers.items()}
        body = self._secrets.mask_bytes(answer.body)
        masked = replace(answer, headers=headers, body=body)
        said = self._read_fault(masked) or fault_of_status(masked) or fault
        words = replace(
            fault, detail=said.detail, code=said.code, request_id=said.request_id
        )
        return self._dated(words, answer)

    def _dated(self, fault: Fault, answer: Answer | None = None) -> Fault:
        """Return the fault with the wait the vendor asks for, within reason."""
        wait = fault.retry_after
        if wait is None and answer is not None:
            wait = retry_after(answer.headers, self._network.clock.now())
        if wait is None:
            return fault
        return replace(fault, retry_after=min(max(wait, timedelta()), LONGEST_PAUSE))

    @contextmanager
    def _observed(self, request: Request) -> Iterator[_Seen]:
        """Tell the observer of one request, however it ends."""
        started = self._network.clock.now()
        seen = _Seen()
        try:
            yield seen
        except BaseException as error:
            seen.error = type(error).__name__
            raise
        finally:
            self._network.observe(
                Exchange(
                    connection=self.connection,
                    operation=request.operation,
                    status=seen.status,
                    error=seen.error,
                    took=self._network.clock.now() - started,
                )
            )

    def _target(
        self,
        operation: str,
        template: str,
        parts: tuple[str | int, ...],
        query: target.Query | None,
    ) -> str:
        try:
            where = target.path(template, *parts)
            text = target.query(query or {})
        except ValueError as error:
            refusal = self._refusal(operation, error)
        else:
            return f"{where}?{text}" if text else where
        raise refusal

    def _body(self, operation: str, json: Any) -> bytes:
        try:
            text = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":"))
            return text.encode()
        except UnicodeError as error:
            refusal = self._refusal(operation, error)
        raise refusal

    def _refusal(self, operation: str, error: ValueError) -> Refused:
        detail = "not text" if isinstance(error, UnicodeError) else str(error)
        return Refused(
            self._secrets.mask(detail), connection=self.connection, operation=operation
        )

    def _error(self, fault: Fault, request: Request) -> ProviderError:
        mask = self._secrets.mask
        return fault.kind(
            mask(fault.detail),
            connection=self.connection,
            operation=request.operation,
            code=mask(fault.code) if fault.code else None,
            request_id=mask(fault.request_id) if fault.request_id else None,
            retry_after=fault.retry_after,
            advice=mask(fault.advice) if fault.advice else None,
            fresh_signature_may_help=fault.fresh_signature_may_help,
        )

    async def _sleep(self, seconds: float) -> None:
        await self._network.clock.sleep(timedelta(seconds=seconds))


@dataclass(slots=True)
class _Seen:
    """How a request ended."""

    status: int | None = None
    error: str | None = None
