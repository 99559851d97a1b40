"""Northflank."""

from __future__ import annotations

from providers.kind import Kind
from providers.northflank.api import NorthflankProvider, connect
from providers.northflank.settings import NorthflankSettings

KIND = Kind(provider=NorthflankProvider, settings=NorthflankSettings, connect=connect)
