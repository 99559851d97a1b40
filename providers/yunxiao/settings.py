"""The settings of a Yunxiao connection."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from providers.settings import Address, ConnectionSettings, Secret, TimeZone

SIGNED = "2021-06-25"
TOKEN = "oapi"  # noqa: S105 - the name of an API, no token

DEFAULT_BASE_URL = {
    # No list of regions was ever published for this product; this is the one host that
    # its users name.
    SIGNED: "https://devops.cn-hangzhou.aliyuncs.com",
    # https://help.aliyun.com/zh/yunxiao/developer-reference/service-access-point-domain
    TOKEN: "https://openapi-rdc.aliyuncs.com",
}


def _unquoted(value: object) -> object:
    """Return the text of a date: YAML reads an unquoted 2021-06-25 as one."""
    return value.isoformat() if isinstance(value, date) else value


class YunxiaoSettings(ConnectionSettings):
    """One organization's pipelines, through one of Yunxiao's two APIs."""

    kind: Literal["yunxiao"] = "yunxiao"

    api: Annotated[Literal["oapi", "2021-06-25"], BeforeValidator(_unquoted)] = "oapi"
    """The newer API with a personal access token (`oapi`), or the signed one."""

    edition: Literal["central", "region"] = "central"
    """Of `oapi`: the central site, or a Region edition on a domain of its own."""

    organization: str | None = Field(default=None, min_length=1)
    """The organization's id, as in https://devops.aliyun.com/organization/{id}."""

    token: Secret | None = None
    """For `oapi`: a personal access token (`pt-...`)."""

    access_key_id: Secret | None = None
    """For `2021-06-25`: the AccessKey of a RAM user that is a member of Yunxiao."""

    access_key_secret: Secret | None = None
    """For `2021-06-25`: its secret."""

    security_token: Secret | None = None
    """For `2021-06-25`: the third part of a temporary (STS) credential."""

    base_url: Address | None = None
    """The address of the API; needed for a Region edition, else there is a default."""

    web_url: Address | None = None
    """Where people open pipelines; https://flow.aliyun.com but for Region editions."""

    # Step times carry no zone; China's is the likely reading, so it is a setting.
    timezone: TimeZone = "Asia/Shanghai"

    # `perPage` goes up to 30; the signed API documents no maximum for its lists (50 for
    # a sister operation).
    page_size: int = Field(default=20, ge=1, le=30)
    """Pipelines or runs asked for in one call."""

    @property
    def address(self) -> str:
        """The address of the API."""
        return self.base_url or DEFAULT_BASE_URL[self.api]

    @property
    def site(self) -> str | None:
        """Where people open pipelines, if that is known."""
        known = "https://flow.aliyun.com" if self.edition == "central" else None
        return self.web_url or known

    @model_validator(mode="after")
    def _has_what_its_api_needs(self) -> YunxiaoSettings:
        is_region = self.edition == "region"
        if self.api == SIGNED:
            where = f"api: '{SIGNED}'"
            needed = ["organization", "access_key_id", "access_key_secret"]
            odd = ["token"]
        else:
            where = f"api: {TOKEN}, edition: {self.edition}"
            needed = ["token", "base_url" if is_region else "organization"]
            odd = ["access_key_id", "access_key_secret", "security_token"]
        missing = [name for name in needed if getattr(self, name) is None]
        useless = [name for name in odd if getattr(self, name) is not None]
        problems = [
            f"needs {', '.join(missing)}" if missing else "",
            f"has no use for {', '.join(useless)}" if useless else "",
            "has no Region edition" if self.api == SIGNED and is_region else "",
        ]
        if any(problems):
            said = "; it ".join(problem for problem in problems if problem)
            msg = f"a connection with {where} {said}"
            raise ValueError(msg)
        return self
