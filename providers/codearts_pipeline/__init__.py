"""Huawei Cloud CodeArts Pipeline."""

from __future__ import annotations

from providers.codearts_pipeline.api import CodeArtsPipelineProvider, connect
from providers.codearts_pipeline.settings import CodeArtsPipelineSettings
from providers.kind import Kind

KIND = Kind(
    provider=CodeArtsPipelineProvider,
    settings=CodeArtsPipelineSettings,
    connect=connect,
)
