"""What can go wrong between us and a provider.

    ProviderError
    ├─ Unauthorized   the credential is wrong or expired (401)
    ├─ Forbidden      the credential may not do this (403)
    ├─ NotFound       not there, or not visible to us (404)
    ├─ Refused        they understood and said no (400, 409, 422)
    ├─ NotSupported   this provider has no such thing
    ├─ BadAnswer      an answer of a shape we do not know
    ├─ RateLimited    too many requests; says when to come back   transient
    └─ Unavailable    time-outs, refused connections, 5xx         transient

Every error knows the connection and the operation, whether it is transient, and
`advice`: one sentence for the person in Slack. No error holds a secret: details pass
through `masking.Secrets` before they come here.

A mistake in our own settings is not in this tree: nobody may catch it by accident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

if TYPE_CHECKING:
    from datetime import timedelta


class ProviderError(Exception):
    """Something went wrong between us and a provider."""

    transient: ClassVar[bool] = False
    """Whether the same call may succeed later with nothing changed."""

    what: ClassVar[str] = "the provider could not answer"
    """What happened, in words for a person."""

    default_advice: ClassVar[str] = "Look at the bot's log for the details."

    def __init__(
        self,
        detail: str,
        *,
        connection: str,
        operation: str,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: timedelta | None = None,
        advice: str | None = None,
        fresh_signature_may_help: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.connection = connection
        self.operation = operation
        self.code = code
        """The vendor's own code, to look up in its documentation."""
        self.request_id = request_id
        """What the vendor's support asks for."""
        self.retry_after = retry_after
        self.fresh_signature_may_help = fresh_signature_may_help
        """The same request may pass when it is signed anew."""
        self._advice = advice

    @property
    def advice(self) -> str:
        """One sentence that says what to do."""
        return self._advice or self.default_advice

    @override
    def __str__(self) -> str:
        """Return what happened, where, and the vendor's own code."""
        code = f" [{self.code}]" if self.code else ""
        return f"{self.connection}: {self.operation}: {self.detail}{code}"


class Unauthorized(ProviderError):
    """The credential is wrong or expired."""

    what = "the credential was not accepted"
    default_advice = (
        "Renew this connection's credential in the bot's configuration, "
        "and check the clock of the machine it runs on."
    )


class Forbidden(ProviderError):
    """The credential may not do this."""

    what = "the credential is not allowed to do this"
    default_advice = (
        "Give this connection's credential the permission that the provider's page "
        "in docs/providers names."
    )


class NotFound(ProviderError):
    """Not there, or not visible to us; vendors do not tell which."""

    what = "it is not there, or this connection may not see it"
    default_advice = "Check the name, and that this connection's credential may see it."


class Refused(ProviderError):
    """They understood the request and said no."""

    what = "the provider refused"
    default_advice = "Read the provider's message: it says what it did not accept."


class NotSupported(ProviderError):
    """This provider has no such thing."""

    what = "this provider has no such thing"
    default_advice = (
        "See the table of what each provider can do in providers/README.md."
    )


class BadAnswer(ProviderError):
    """An answer of a shape we do not know."""

    what = "the answer could not be understood"
    default_advice = (
        "Check the connection's address; if it is right, the provider has changed: "
        "please report it with the request id."
    )


class RateLimited(ProviderError):
    """Too many requests; `retry_after` says when to come back, where it is known."""

    transient = True
    what = "too many requests for now"
    default_advice = "Nothing to do: it is asked again when the limit allows."


class Unavailable(ProviderError):
    """No answer, or an answer that says the provider itself is in trouble."""

    transient = True
    what = "the provider cannot be reached"
    default_advice = (
        "Nothing to do if the provider is down: it is asked again; otherwise check "
        "the connection's address and the network."
    )
