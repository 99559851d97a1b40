"""An address that a person pastes is what its page is about, or nobody's."""

from __future__ import annotations

import pytest

from providers.codearts_check.pages import located as check
from providers.codearts_pipeline.pages import located as codearts
from providers.model import PipelineRef, RunRef
from providers.northflank.pages import located as northflank
from providers.yunxiao.pages import located as yunxiao

PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"
PIPELINE = "d19799d619424b2bb2625ec2d93ea087"
RUN = "ad6b7f66283a45be9c1f82b06c831e59"
FLOW = "https://flow.aliyun.com"
CONSOLE = "https://devcloud.cn-north-4.huaweicloud.com/cicd/project"
TASKS = "https://devcloud.cn-north-4.huaweicloud.com/codecheck/project"
NF = "https://app.northflank.com/t/acme/project/shop"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"{FLOW}/pipelines/1233/current", PipelineRef("x", "1233")),
        (f"{FLOW}/pipelines/1233", PipelineRef("x", "1233")),
        (f"{FLOW}/pipelines/1233/builds/11", RunRef(PipelineRef("x", "1233"), "11")),
        (
            f"{FLOW}/pipelines/1233/builds/11?organizationId=5e",
            RunRef(PipelineRef("x", "1233"), "11"),
        ),
        (f"{FLOW}/pipelines/latest", None),
        ("https://flow.aliyun.com.evil.example/pipelines/1233", None),
    ],
)
def test_a_page_of_yunxiao_flow(url: str, found: object) -> None:
    assert yunxiao("x", url, FLOW) == found
    assert yunxiao("x", url, None) is None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            f"{CONSOLE}/{PROJECT}/pipeline/detail/{PIPELINE}/{RUN}?v=1",
            RunRef(PipelineRef("x", PIPELINE), RUN),
        ),
        (
            f"{CONSOLE}/{PROJECT}/pipeline/history/{PIPELINE}?v=1",
            PipelineRef("x", PIPELINE),
        ),
        (f"{CONSOLE}/{RUN}/pipeline/history/{PIPELINE}", None),
        (f"{CONSOLE}/{PROJECT}/pipeline/history/short", None),
    ],
)
def test_a_page_of_codearts_pipeline(url: str, found: object) -> None:
    assert codearts("x", url, PROJECT) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            f"{TASKS}/{PROJECT}/codecheck/task/{PIPELINE}/detail",
            PipelineRef("x", PIPELINE),
        ),
        (f"{TASKS}/{RUN}/codecheck/task/{PIPELINE}/detail", None),
        (f"{TASKS}/{PROJECT}/codecheck", None),
    ],
)
def test_a_page_of_codearts_check(url: str, found: object) -> None:
    assert check("x", url, PROJECT) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"{NF}/services/web", PipelineRef("x", "shop/services/web")),
        (f"{NF}/services/web/builds", PipelineRef("x", "shop/services/web")),
        (f"{NF}/jobs/migrate", PipelineRef("x", "shop/jobs/migrate")),
        (f"{NF}/pipelines/release", None),
        ("https://example.com/t/acme/project/shop/jobs/migrate", None),
    ],
)
def test_a_page_of_northflank(url: str, found: object) -> None:
    assert northflank("x", url, ()) == found
    assert northflank("x", url, ("shop",)) == found
    assert northflank("x", url, ("other",)) is None
