"""What the shapes of vendors' JSON are made of: lenient, and forgiving item by item.

Nothing here knows any vendor, or what a shape means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

T = TypeVar("T")


class WireModel(BaseModel):
    """The base of every vendor shape: lenient, since vendors change without a word.

    Unknown fields are ignored, numbers may stand where text was promised.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Forgiving:
    """A validator that forgives something odd, called only where there is something.

    Straight from the bytes (`validate_json`) the type stands alone: nothing is
    forgiven, and pydantic stays in its own fast code. What fails there is read again
    as Python objects, and this time with the validator; see `Answer._decode`.
    """

    def __init__(
        self,
        forgive: Callable[[Any, ValidatorFunctionWrapHandler, ValidationInfo], Any],
    ) -> None:
        self._forgive = WrapValidator(forgive)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the type's two schemas, of which pydantic takes the one that fits.

        https://docs.pydantic.dev/latest/api/pydantic_core_schema/
        (json_or_python_schema)
        """
        return {
            "type": "json-or-python",
            "json_schema": handler(source),
            "python_schema": self._forgive.__get_pydantic_core_schema__(
                source, handler
            ),
        }


def _keep_the_good(
    value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> object:
    """Validate a list as a whole; only where that fails, item by item."""
    rejected: list[ValidationError] | None = (info.context or {}).get("rejected")
    before = len(rejected or ())
    try:
        return handler(value)
    except ValidationError:
        if not isinstance(value, list) or rejected is None:
            raise
    # Lists inside this one have counted already, and are about to count again.
    del rejected[before:]
    good: list[Any] = []
    for item in value:
        inside = len(rejected)
        try:
            good.extend(handler([item]))
        except ValidationError as error:
            # Who is left out as a whole counts once, whatever was odd inside.
            del rejected[inside:]
            rejected.append(error)
    return good


def _or_none(
    value: object, handler: ValidatorFunctionWrapHandler, _: ValidationInfo
) -> object:
    try:
        return handler(value)
    except ValidationError:
        return None


Items = Annotated[list[T], _Forgiving(_keep_the_good)]
"""A list in which an entry we cannot read costs only itself, and is counted."""

OrNone = Annotated[T | None, _Forgiving(_or_none)]
"""A value that, where we cannot read it, is as if it were not there."""
