"""What Huawei Cloud's CodeArts services share: settings, credentials and times.

Errors and times have modules of their own, so that what is pure stays so; both are to
be had here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from providers.auth.huawei import HuaweiSignature
from providers.auth.iam import IamToken, Login
from providers.gateways.huawei_faults import read_fault
from providers.gateways.huawei_times import instant
from providers.settings import Address, ConnectionSettings, Secret, TimeZone

if TYPE_CHECKING:
    from providers.http.network import Network
    from providers.masking import Secrets

__all__ = ["HuaweiSettings", "authentication", "instant", "read_fault"]

Region = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)+$", max_length=40)]
"""A region's id, such as `cn-north-4`; it becomes part of host names."""

Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{32}$")]
"""One of Huawei Cloud's ids: 32 letters and digits."""

KEYS = ("access_key", "secret_key")
LOGIN = ("username", "password", "domain_name")


class HuaweiSettings(ConnectionSettings):
    """One project's access to a CodeArts service.

    The credential is an access key with its secret key, or else the name and password
    of an IAM user with the name of the account.
    """

    region: Region
    """The region the project is in, such as `cn-north-4`."""

    project_id: Id
    """The CodeArts project; not to be confused with the region's IAM project."""

    access_key: Secret | None = None
    """The access key (AK) of an IAM user."""

    secret_key: Secret | None = None
    """Its secret key (SK)."""

    security_token: Secret | None = None
    """What goes with a temporary access key."""

    username: str | None = None
    """The name of an IAM user; a HUAWEI ID cannot log in this way."""

    password: Secret | None = None
    """The user's password."""

    domain_name: str | None = None
    """The name of the account the user belongs to."""

    iam_project: str | None = None
    """The IAM project the token is for, by name; `null` for the region's own."""

    iam_project_id: Id | None = None
    """The region's IAM project, by id; needed only where a user has sub-projects."""

    iam_url: Address | None = None
    """The address of IAM; `null` for the region's own."""

    base_url: Address | None = None
    """The address of the service; `null` for the region's own."""

    language: Literal["en-us", "zh-cn"] = "en-us"
    """The language of the service's messages, where it has both."""

    # More than five failures in a row lock a key, and so many may be under way.
    concurrency: int = Field(default=4, ge=1, le=5)

    # The one public example of a time without zone stands eight hours ahead of the
    # epoch beside it: https://support.huaweicloud.com/api-pipeline/
    timezone: TimeZone = "Asia/Shanghai"

    @model_validator(mode="after")
    def _one_whole_credential(self) -> HuaweiSettings:
        keys = [name for name in KEYS if getattr(self, name) is not None]
        login = [name for name in LOGIN if getattr(self, name) is not None]
        if keys and login:
            msg = f"write {_listed(KEYS)}, or {_listed(LOGIN)}, but not both"
            raise ValueError(msg)
        if not (keys or login):
            msg = f"a credential is needed: {_listed(KEYS)}, or {_listed(LOGIN)}"
            raise ValueError(msg)
        whole, there = (KEYS, keys) if keys else (LOGIN, login)
        if missing := [name for name in whole if name not in there]:
            msg = f"{_listed(there)} alone is no credential: add {_listed(missing)}"
            raise ValueError(msg)
        if login and self.security_token is not None:
            msg = "security_token belongs to a temporary access_key, not to a login"
            raise ValueError(msg)
        if self.project_id == self.iam_project_id:
            msg = (
                "project_id and iam_project_id are the same: project_id is the "
                "CodeArts project (see its page's address), iam_project_id the region's"
            )
            raise ValueError(msg)
        return self

    @property
    def iam_address(self) -> str:
        """The address of IAM: as set, or the region's own."""
        # https://developer.huaweicloud.com/intl/en-us/endpoint?IAM
        suffix = "eu" if self.region == "eu-west-101" else "com"
        return self.iam_url or f"https://iam.{self.region}.myhuaweicloud.{suffix}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def authentication(
    settings: HuaweiSettings, network: Network, secrets: Secrets
) -> HuaweiSignature | IamToken:
    """Return what signs a connection's requests; a token it fetches joins `secrets`."""
    headers: dict[str, str] = {"X-Language": settings.language}
    if settings.access_key and settings.secret_key:
        if settings.security_token:
            headers["X-Security-Token"] = settings.security_token.get_secret_value()
        if settings.iam_project_id:
            headers["X-Project-Id"] = settings.iam_project_id
        return HuaweiSignature(
            access_key=settings.access_key.get_secret_value(),
            secret_key=settings.secret_key.get_secret_value(),
            now=network.clock.now,
            headers=headers,
        )
    secret = settings.password
    login = Login(
        username=settings.username or "",
        password=secret.get_secret_value() if secret else "",
        domain=settings.domain_name or "",
        project=settings.iam_project or settings.region,
        project_id=settings.iam_project_id,
    )
    return IamToken(
        client=network.client,
        url=settings.iam_address,
        login=login,
        now=network.clock.now,
        secrets=secrets,
        headers=headers,
    )
