"""Alibaba Cloud DevOps (Yunxiao) Flow."""

from __future__ import annotations

from providers.kind import Kind
from providers.yunxiao.api import YunxiaoProvider, connect
from providers.yunxiao.settings import YunxiaoSettings

KIND = Kind(provider=YunxiaoProvider, settings=YunxiaoSettings, connect=connect)
