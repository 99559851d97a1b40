"""Huawei Cloud CodeArts Check."""

from __future__ import annotations

from providers.codearts_check.api import CodeArtsCheckProvider, connect
from providers.codearts_check.settings import CodeArtsCheckSettings
from providers.kind import Kind

KIND = Kind(
    provider=CodeArtsCheckProvider, settings=CodeArtsCheckSettings, connect=connect
)
