"""The settings of a CodeArts Check connection."""

from __future__ import annotations

from typing import Literal

from providers.gateways.huawei import HuaweiSettings
from providers.settings import Address


class CodeArtsCheckSettings(HuaweiSettings):
    """One project's access to CodeArts Check."""

    kind: Literal["codearts-check"] = "codearts-check"

    api: Literal["v2", "v1"] = "v2"
    """
    How the latest scans are read: `v2` asks for each task by itself, with documented
    answers; `v1` asks the newer list of all tasks, whose answer is hardly documented,
    and falls back to `v2` for the tasks it cannot read.
    """

    console_url: Address | None = None
    """The address of the console, for links to tasks; `null` for no links."""

    @property
    def service_url(self) -> str:
        """The address of the API: as set, or the region's own."""
        # https://developer.huaweicloud.com/intl/en-us/endpoint?CodeArts%20Check
        return (
            self.base_url or f"https://codearts-check.{self.region}.myhuaweicloud.com"
        )

    def page_of(self, task: str) -> str | None:
        """Return the page of a task in the console; `None` where no links are made."""
        # As links in public repositories have it; the documentation has no pattern.
        where = f"codecheck/project/{self.project_id}/codecheck/task/{task}/detail"
        return f"{self.console_url}/{where}" if self.console_url else None
