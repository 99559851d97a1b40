"""What CodeArts Pipeline says is wrong.

https://support.huaweicloud.com/intl/en-us/api-pipeline/ErrorCode.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from providers.errors import Forbidden, NotFound, ProviderError, Refused
from providers.gateways import huawei

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.answer import Answer, Fault

NO_PROJECT = "DEV_21_100169"

CODES: Mapping[str, type[ProviderError]] = {
    "DEVCP.00012002": NotFound,
    "DEVCP.00014004": Refused,
    "DEVCP.00014031": Forbidden,
    # Sent as HTTP 401, though the credential is fine: it may not do this.
    "DEVCP.00021018": Forbidden,
    "DEVCP.00021006": NotFound,
    "DEVCP.00021008": Refused,
    "DEVCP.00021400": Refused,
    "DEVPIPE.00011129": Refused,
    "DEVPIPE.00011132": Refused,
    "DEVPIPE.00011203": NotFound,
    NO_PROJECT: NotFound,
}
"""The service's own codes; many come with HTTP 200. Those for "busy" are shared."""

_read = huawei.read_fault(CODES)


def read_fault(answer: Answer) -> Fault | None:
    """Return what is wrong, in an answer of any status."""
    fault = _read(answer)
    if fault and fault.code == NO_PROJECT:
        return replace(
            fault,
            advice="Check project_id: it is the CodeArts project's id, as in the "
            "address of its page, not the id of the region's IAM project.",
        )
    return fault
