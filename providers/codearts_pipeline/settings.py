"""The settings of a CodeArts Pipeline connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from providers.gateways.huawei import HuaweiSettings
from providers.settings import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://github.com/huaweicloud/huaweicloud-sdk-python-v3 (the regions of the package
# huaweicloudsdkcodeartspipeline): most regions have one name, these have others.
HOSTS: Mapping[str, str] = {
    "tr-west-1": "pipeline-external",
    "la-south-2": "pipeline-external",
    "af-north-1": "pipeline",
    "me-east-1": "pipeline",
    "af-south-1": "pipeline",
}
USUAL_HOST = "cloudpipeline-ext"


class CodeArtsPipelineSettings(HuaweiSettings):
    """One CodeArts project's pipelines."""

    kind: Literal["codearts-pipeline"] = "codearts-pipeline"

    page_size: int = Field(default=50, ge=10, le=100)
    """Entries asked for in one call; no maximum is documented."""

    batch_size: int = Field(default=100, ge=1, le=500)
    """Pipelines whose latest runs are asked for at once; no maximum is documented."""

    console_url: Address | None = None
    """The console's address for links the API does not give; `null`: mainland only."""

    @property
    def address(self) -> str:
        """The address of the API: as set, or the region's own."""
        host = HOSTS.get(self.region, USUAL_HOST)
        return self.base_url or f"https://{host}.{self.region}.myhuaweicloud.com"

    @property
    def console(self) -> str | None:
        """The console's address: as set, or the mainland region's own.

        How the international console's pages are addressed is documented nowhere.
        """
        if self.console_url or not self.region.startswith("cn-"):
            return self.console_url
        return f"https://devcloud.{self.region}.huaweicloud.com"
