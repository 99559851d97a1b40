"""What CodeArts Check says is wrong.

https://support.huaweicloud.com/intl/en-us/api-codecheck/ErrorCode.html

The documentation gives the codes CC.0005* the HTTP status 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.errors import (
    Forbidden,
    NotFound,
    ProviderError,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.gateways import huawei

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES: Mapping[str, type[ProviderError]] = {
    # "The network is busy. Please try again later.", as HTTP 400.
    "CC.00000000": Unavailable,
    # "The authentication information has expired."
    "CC.00000003": Unauthorized,
    "CC.00050000": Refused,  # invalid parameters
    "CC.00050001": Unavailable,  # the list of tasks could not be queried
    "CC.00050002": Unavailable,  # the details of the task could not be queried
    "CC.00050003": Unavailable,  # the templates could not be queried
    "CC.00050004": Unavailable,  # the history could not be queried
    "CC.00050005": Refused,  # the task could not be created
    "CC.00050006": Unavailable,  # an error inside the service
    "CC.00050007": Unauthorized,  # IAM did not accept the credential
    "CC.00050010": Forbidden,  # no permission
    "CC.00050011": Forbidden,  # the user is in no project
    "CC.00050012": Unavailable,  # the network is busy, try again later
    "CC.00050013": NotFound,  # there is no such project
    "CC.00050014": Unavailable,  # basic information could not be queried
    "CC.00050015": Refused,  # the task is running
    "CC.00050016": Refused,  # the task could not be created
    "CC.10010204.400": NotFound,  # the task is not there or was deleted
    # More than 300,000 issues: no later try will find fewer.
    "CC.00070400.500": Refused,
}
"""The documented codes; newer ones end in an HTTP status, which the gateway reads."""

read_fault = huawei.read_fault(CODES)
"""Finds what is wrong in an answer of any status, HTTP 200 included."""
