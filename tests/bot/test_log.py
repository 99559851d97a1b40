"""Logs are lines of JSON, or readable where a person looks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from typing_extensions import override

from bot import log


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # Reading the log must not be changed by what pytest does to see it as well.
    root.handlers[:] = []
    yield
    root.handlers[:], root.level = handlers, level


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=False)

    structlog.get_logger("x").info("provider asked", connection="shop")

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "provider asked"
    assert line["connection"] == "shop"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_words(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=True)

    structlog.get_logger("x").warning("slow")

    assert "slow" in capsys.readouterr().err


def test_what_is_less_severe_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=False, level=logging.WARNING)

    structlog.get_logger("x").info("hello")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["httpx", "slack_sdk", "slack_bolt"])
def test_libraries_that_log_addresses_and_bodies_are_kept_quiet(name: str) -> None:
    log.configure(human=False, level=logging.DEBUG)

    assert not logging.getLogger(name).isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    "name", ["httpx", "slack_sdk.web", "slack_bolt.AsyncApp", "uvicorn.error"]
)
def test_what_libraries_log_has_the_same_form(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    log.configure(human=False)

    logging.getLogger(name).warning("no answer from %s", "slack.com")

    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "no answer from slack.com",
        "level": "warning",
        "logger": name,
    }


def test_a_traceback_of_a_library_is_on_the_same_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(human=False)

    try:
        fail("odd")
    except ValueError:
        logging.getLogger("slack_bolt").exception("it failed")

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "it failed"
    assert line["exception"].endswith("ValueError: odd")


RESPONSE = "commands/T012AB3C4/123456789012/cAnArYcAnArYcAnArY"
HEX = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SECRET = "pt-cAnArY+/of the configuration"

CANARIES = {
    "bot token": ("the token xoxb-1-cAnArY was refused", "cAnArY"),
    "app token": ("xapp-1-A01-cAnArY", "cAnArY"),
    "rotated token": ("xoxe.xoxb-1-cAnArY", "cAnArY"),
    "response URL": (f"no answer from https://hooks.slack.com/{RESPONSE}", "cAnArY"),
    "webhook": ("POST https://hooks.slack.com/services/T0/B0/cAnArY", "cAnArY"),
    "government": ("https://hooks.slack-gov.com/actions/T0/1/cAnArY", "cAnArY"),
    "escaped slashes": (r'{"u": "https:\/\/hooks\/commands\/T0\/1\/cAnArY"}', "cAnArY"),
    "field": ("{'response_url': 'https://slack.test/r/cAnArY'}", "cAnArY"),
    "socket": ("wss://wss-primary.slack.com/link/?ticket=cAnArY-1&app_id=2", "cAnArY"),
    "signature of Slack's": (f"'X-Slack-Signature': 'v0={HEX}'", HEX),
    "signature alone": (f"expected v0={HEX}", HEX),
    "bearer": ("Authorization: Bearer cAnArY.cAnArY", "cAnArY"),
    "basic": ("authorization: Basic cAnArY==", "cAnArY"),
    "headers of httpcore": ("[(b'authorization', b'Bearer cAnArY')]", "cAnArY"),
    "header of NCP": ("{'x-ncp-apigw-signature-v2': 'cAnArY='}", "cAnArY"),
    "pair": ("[(b'x-api-key', b'cAnArY')]", "cAnArY"),
    "signature of Alibaba": ("Credential=k,SignedHeaders=h,Signature=cAnArY", "cAnArY"),
    "query": ("GET https://api.test/x?page=1&access_token=cAnArY&n=2", "cAnArY"),
    "JSON": ('{"password": "cAnArY, with a comma"}', "with a comma"),
    "JSON in JSON": (r'{"body": "{\"client_secret\": \"cAnArY\"}"}', "cAnArY"),
    "configured": (f"refused: {SECRET}", "cAnArY"),
    "configured, in a URL": ("/x?k=pt-cAnArY%2B%2Fof%20the%20configuration", "cAnArY"),
}
"""What a library, or a mistake of ours, may log; and what of it must not be seen."""


def fail(text: str) -> None:
    never_shown = f"a variable that holds {text}"
    raise ValueError(text if never_shown else "")


class Thing:
    """Shows a secret where it is shown."""

    def __init__(self, text: str) -> None:
        self._text = text

    @override
    def __repr__(self) -> str:
        return self._text


@pytest.mark.parametrize("human", [False, True], ids=["json", "readable"])
@pytest.mark.parametrize("name", CANARIES)
def test_no_line_holds_a_secret(
    capsys: pytest.CaptureFixture[str], name: str, *, human: bool
) -> None:
    text, canary = CANARIES[name]
    log.configure(human=human, level=logging.DEBUG, secrets=[SECRET])
    ours, theirs = structlog.get_logger("x"), logging.getLogger("slack_sdk")

    ours.error("refused", why=text, thing=Thing(text), several=[text, {"x": text}])
    ours.error(text)
    theirs.error("refused: %s", text)
    try:
        fail(text)
    except ValueError:
        ours.exception("ours")
        theirs.exception("theirs")

    told = capsys.readouterr().err
    assert told.count("•••") >= 7
    assert canary not in told
    assert len(told.splitlines()) == 5 or human


def test_a_value_with_a_telling_name_is_masked_whatever_it_looks_like(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(human=False)

    structlog.get_logger("x").warning("odd", bot_token="abc", response_url=7, tries=3)

    line = json.loads(capsys.readouterr().err)
    assert (line["bot_token"], line["response_url"], line["tries"]) == ("•••", "•••", 3)


def test_what_is_no_secret_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(human=False, secrets=["", "abc"])
    said = "Slack does not accept the bot token (invalid_auth): abc, 2 of 3"

    structlog.get_logger("x").warning(said, url="https://slack.com/api/", ok=True, n=1)

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == said
    assert (line["url"], line["ok"], line["n"]) == ("https://slack.com/api/", True, 1)


def test_what_cannot_be_shown_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        @override
        def __repr__(self) -> str:
            raise RuntimeError("xoxb-cAnArY")

    log.configure(human=False)
    structlog.get_logger("x").warning("odd", thing=Broken())
    logging.getLogger("slack_sdk").warning("%d tries", "xoxb-cAnArY")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["thing"] == "<Broken>"
    assert second["event"] == "a log line could not be written"
    assert second["logger"] == "slack_sdk"


def test_readable_tracebacks_show_no_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(human=True)
    try:
        fail("odd")
    except ValueError:
        structlog.get_logger("x").exception("it failed")

    told = capsys.readouterr().err
    assert "ValueError: odd" in told
    assert "a variable that holds odd" not in told
