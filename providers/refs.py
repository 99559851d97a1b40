"""The addresses of pipelines and runs: hashable, and text that reads back the same."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from typing_extensions import override

_READABLE = "/ ,;=+$!*'()&~"


@dataclass(frozen=True, slots=True)
class PipelineRef:
    """The address of a pipeline: a connection's name and the provider's own id.

    The id is opaque to all but the provider that made it; it may hold slashes.
    """

    connection: str
    id: str

    @override
    def __str__(self) -> str:
        """Return `connection:id`, which `parse` reads back."""
        return f"{_quote(self.connection)}:{_quote(self.id)}"

    @classmethod
    def parse(cls, text: str) -> PipelineRef:
        """Read back what `str()` wrote.

        Raises:
            ValueError: the text is not the address of a pipeline.

        """
        connection, colon, ident = text.partition(":")
        if not (connection and colon and ident) or "#" in text:
            msg = f"not the address of a pipeline: {text!r}"
            raise ValueError(msg)
        return cls(_unquote(connection), _unquote(ident))


@dataclass(frozen=True, slots=True)
class RunRef:
    """The address of a run.

    A re-run that keeps its id has a higher `attempt`, counted from 1, where the vendor
    counts attempts; where it does not, `attempt` stays 1.
    """

    pipeline: PipelineRef
    id: str
    attempt: int = 1

    @override
    def __str__(self) -> str:
        """Return `connection:pipeline#run`, with `@attempt` but for the first."""
        suffix = f"@{self.attempt}" if self.attempt != 1 else ""
        return f"{self.pipeline}#{_quote(self.id)}{suffix}"

    @classmethod
    def parse(cls, text: str) -> RunRef:
        """Read back what `str()` wrote.

        Raises:
            ValueError: the text is not the address of a run.

        """
        pipeline, mark, rest = text.partition("#")
        ident, at, attempt = rest.partition("@")
        if not (mark and ident) or (at and not attempt.isdecimal()):
            msg = f"not the address of a run: {text!r}"
            raise ValueError(msg)
        return cls(
            PipelineRef.parse(pipeline), _unquote(ident), int(attempt) if at else 1
        )


def _quote(part: str) -> str:
    """Escape what separates the parts of an address; slashes stay readable."""
    return quote(part, safe=_READABLE, errors="surrogatepass")


def _unquote(part: str) -> str:
    return unquote(part, errors="surrogatepass")
