"""Naver Cloud CLOVA NSML."""

from __future__ import annotations

from providers.kind import Kind
from providers.nsml.api import NsmlProvider, connect
from providers.nsml.settings import NsmlSettings

KIND = Kind(provider=NsmlProvider, settings=NsmlSettings, connect=connect)
