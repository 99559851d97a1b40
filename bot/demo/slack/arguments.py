"""The arguments of a call, whichever of Slack's ways they came in.

A form carries JSON as text and booleans as `1`, `0`, `true`, `false`; a JSON body
carries them as they are; slack_sdk uses both.
https://docs.slack.dev/apis/web-api/#methods_supporting_json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.slack.errors import ApiError

TRUE = frozenset({"1", "true"})


class Args:
    """What a call was given; `null` counts as not given."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {key: value for key, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str) -> str | None:
        """Return an argument as text, or None."""
        value = self.given.get(name)
        return value if value is None or isinstance(value, str) else str(value)

    def need(self, name: str) -> str:
        """Return an argument the method cannot do without.

        Raises:
            ApiError: `invalid_arguments`, naming it.

        """
        if not (value := self.text(name)):
            raise ApiError(
                "invalid_arguments", problems=[f"missing required field: {name}"]
            )
        return value

    def flag(self, name: str) -> bool | None:
        """Return a boolean, or None when it was not given."""
        value = self.given.get(name)
        if value is None or isinstance(value, bool):
            return value
        return str(value).lower() in TRUE

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a whole number between 1 and `most`.

        Raises:
            ApiError: `invalid_arguments`, naming it.

        """
        value = self.given.get(name, default)
        if not str(value).isdigit():
            raise ApiError(
                "invalid_arguments",
                problems=[f"must provide an integer [json-pointer:/{name}]"],
            )
        return min(max(int(value), 1), most)

    def json(self, name: str, *, refusal: str) -> Any:
        """Return a structure, given as such or as JSON text; None when not given.

        Raises:
            ApiError: `refusal`, for text that is not JSON.

        """
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(refusal) from None
