"""The settings of an NSML connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from providers.settings import Address, ConnectionSettings, Secret, TimeZone


class NsmlSettings(ConnectionSettings):
    """One account's access to CLOVA NSML."""

    kind: Literal["nsml"] = "nsml"

    access_key: Secret
    """The access key of an NCP (sub-)account."""

    secret_key: Secret
    """Its secret key."""

    api_key: Secret
    """The primary key of the API Gateway application subscribed to NSML."""

    base_url: Address = "https://nsml.apigw.ntruss.com/nsml/v1"
    """The address of the API; only this one was ever published."""

    # Undocumented: KST is the likely reading of the zone-less times of a Korean
    # service with office-hour values; a setting, since it is only likely.
    timezone: TimeZone = "Asia/Seoul"

    page_size: int = Field(default=100, ge=1, le=1000)
    """Runs asked for in one call; the API documents no maximum."""
