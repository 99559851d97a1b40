"""What the registry knows of a kind of provider: how to describe and to open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from providers.contract import Provider
from providers.http.network import Network
from providers.settings import ConnectionSettings

Connect = Callable[[str, Any, Network], Provider]
"""Makes the provider of a connection: its name, its settings, the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of provider, as each provider's `__init__` hands it out."""

    provider: type[Provider]
    settings: type[ConnectionSettings]
    connect: Connect

    @property
    def name(self) -> str:
        """The word in the configuration."""
        return self.provider.kind
