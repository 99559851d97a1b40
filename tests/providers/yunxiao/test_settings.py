"""What a Yunxiao connection needs, and how it says what is missing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from providers.yunxiao.settings import YunxiaoSettings

KEYS = {"access_key_id": "LTAI-not-real", "access_key_secret": "not-real"}


def settings(**fields: Any) -> YunxiaoSettings:
    return YunxiaoSettings.model_validate({"kind": "yunxiao", **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "api: oapi, edition: central needs token, organization"),
        (
            {"edition": "region", "organization": "o"},
            "api: oapi, edition: region needs token, base_url",
        ),
        (
            {"api": "2021-06-25"},
            "api: '2021-06-25' needs organization, access_key_id, access_key_secret",
        ),
        (
            {"api": "2021-06-25", "organization": "o", "token": "pt-x"},
            "needs access_key_id, access_key_secret; it has no use for token",
        ),
        (
            {"organization": "o", "token": "pt-x", **KEYS},
            "has no use for access_key_id, access_key_secret",
        ),
        (
            {"api": "2021-06-25", "organization": "o", "edition": "region", **KEYS},
            "has no Region edition",
        ),
    ],
)
def test_all_that_is_missing_or_useless_is_named_at_once(
    fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match="a connection with") as caught:
        settings(**fields)

    assert said in str(caught.value)
    assert "not-real" not in str(caught.value.errors(include_input=False))


def test_each_api_has_its_address_and_site() -> None:
    signed = settings(api="2021-06-25", organization="o", **KEYS)
    central = settings(organization="o", token="pt-x")
    region = settings(
        edition="region", base_url="https://yunxiao.example.com/", token="pt-x"
    )

    assert signed.address == "https://devops.cn-hangzhou.aliyuncs.com"
    assert central.address == "https://openapi-rdc.aliyuncs.com"
    assert region.address == "https://yunxiao.example.com"
    assert (signed.site, region.site) == ("https://flow.aliyun.com", None)
    assert central.timezone == "Asia/Shanghai"


def test_the_address_and_the_site_can_be_set() -> None:
    own = settings(
        edition="region",
        base_url="https://yunxiao.example.com",
        web_url="https://flow.example.com",
        token="pt-x",
    )

    assert own.site == "https://flow.example.com"


def test_the_version_may_stand_unquoted_in_yaml_where_it_reads_as_a_date() -> None:
    written = yaml.safe_load("api: 2021-06-25\norganization: o")

    assert settings(**written, **KEYS).api == "2021-06-25"


def test_no_page_is_larger_than_both_apis_allow() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 30"):
        settings(organization="o", token="pt-x", page_size=31)


def test_every_credential_is_masked() -> None:
    signed = settings(
        api="2021-06-25", organization="o", security_token="sts-not-real", **KEYS
    )

    assert set(signed.secrets()) == {"LTAI-not-real", "not-real", "sts-not-real"}
    assert "not-real" not in repr(signed)
