"""Vendors' lists, as long as the figures want them, made of the documented examples.

Every entry has ids and times of its own: nothing that is cached by its text can look
faster here than it is.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent.parent / "providers"
BEGIN = datetime(2023, 3, 4, 8, 48, 8, tzinfo=UTC)
SHANGHAI = timedelta(hours=8)
RUN_WORDS = ("COMPLETED", "FAILED", "COMPLETED", "RUNNING", "CANCELED")
YUNXIAO_WORDS = ("SUCCESS", "FAIL", "SUCCESS", "RUNNING")
PAGE = 30
"""The most runs on one page of Yunxiao's."""


def batch_of_runs(pipelines: int, stages: int) -> bytes:
    """Return CodeArts' batch answer: the latest run of so many pipelines."""
    text = (EXAMPLES / "codearts_pipeline/payloads/status_seed.json").read_text("utf-8")
    example: dict[str, Any] = json.loads(text)[0]
    return _bytes([_codearts(example, number, stages) for number in range(pipelines)])


def token_pages(runs: int) -> tuple[bytes, ...]:
    """Return the pages of the newer Yunxiao API's list of runs: bare arrays."""
    return tuple(_bytes(page) for page in _pages(_yunxiao("token_runs.json"), runs))


def signed_pages(runs: int) -> tuple[bytes, ...]:
    """Return the pages of the signed Yunxiao API's list: envelopes with a token."""
    envelope = _yunxiao("signed_runs.json")
    pages = _pages(envelope["pipelineRuns"], runs)
    return tuple(
        _bytes(
            {
                **envelope,
                "totalCount": runs,
                "nextToken": str(place) if place < len(pages) else "",
                "pipelineRuns": page,
            }
        )
        for place, page in enumerate(pages, 1)
    )


def _codearts(example: dict[str, Any], number: int, stages: int) -> dict[str, Any]:
    at = BEGIN + timedelta(minutes=7 * number)
    word = RUN_WORDS[number % len(RUN_WORDS)]
    moments = [at + timedelta(seconds=61 * place + 1) for place in range(stages + 1)]
    stage = example["stage_status_list"][0]
    return {
        **example,
        "pipeline_id": f"{number:032x}",
        "pipeline_run_id": f"{number + 4096:032x}",
        "run_number": number + 1,
        "status": word,
        "start_time": _milliseconds(at),
        "end_time": 0 if word == "RUNNING" else _milliseconds(moments[-1]),
        "stage_status_list": [
            {
                **stage,
                "name": f"阶段_{place + 1}",
                "sequence": place,
                "status": word if place == stages - 1 else "COMPLETED",
                "start_time": _local(moments[place]),
                "end_time": _local(moments[place + 1] - timedelta(seconds=2)),
            }
            for place in range(stages)
        ],
    }


def _yunxiao(name: str) -> Any:
    return json.loads((EXAMPLES / "yunxiao/payloads" / name).read_text("utf-8"))


def _pages(examples: list[dict[str, Any]], runs: int) -> list[list[dict[str, Any]]]:
    every = [_yunxiao_run(examples[0], runs - number) for number in range(runs)]
    return [every[start : start + PAGE] for start in range(0, runs, PAGE)]


def _yunxiao_run(example: dict[str, Any], number: int) -> dict[str, Any]:
    at = BEGIN + timedelta(minutes=7 * number)
    word = YUNXIAO_WORDS[number % len(YUNXIAO_WORDS)]
    ended = 0 if word == "RUNNING" else _milliseconds(at + timedelta(seconds=300))
    return {
        **example,
        "pipelineRunId": number,
        "status": word,
        "startTime": _milliseconds(at),
        "endTime": ended,
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _local(moment: datetime) -> str:
    """Return a time as stages have it: in China, and without saying so."""
    return f"{moment + SHANGHAI:%Y-%m-%d %H:%M:%S}"


def _bytes(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
