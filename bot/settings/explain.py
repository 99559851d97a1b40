"""What pydantic found wrong → what was found and what to write, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from bot.settings.problems import Loc, did_you_mean, shown

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from bot.settings.document import Document

SECTION = "write `name: value` on lines of their own below it, indented"

WHOLE = ("a whole number", "write one such as 20")
NUMBER = ("a number", "write one such as 20")
SWITCH = ("true or false", "write one of them")
LIST = ("a list", "write [first, second], or each on its own line after `- `")

NEEDED = {
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_parsing_size": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "bool_type": SWITCH,
    "bool_parsing": SWITCH,
    "list_type": LIST,
    "tuple_type": LIST,
    "dict_type": ("a section", SECTION),
    "mapping_type": ("a section", SECTION),
    "model_type": ("a section", SECTION),
    "model_attributes_type": ("a section", SECTION),
}
"""Pydantic's type of error → what is needed, and what to write.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""

LIMITS = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "literal_error": "one of: {expected}",
    "enum": "one of: {expected}",
}
"""The same for values of the right type: what they have to be."""

EMPTY = ("there is nothing after the colon", "write a value or delete the line")

Said = tuple[str, str]
"""What was found, and what to write instead."""


def note(
    error: ValidationError, model: type[BaseModel], document: Document, prefix: Loc
) -> None:
    """Note each of the errors at its line, once for each place.

    Args:
        error: What pydantic says.
        model: The class that was to be made.
        document: What was written, by place.
        prefix: Where in the document the model stands.

    """
    for details in error.errors(include_url=False):
        loc = _place(details, document, prefix)
        if not document.is_broken(loc):
            complaint = _Complaint(details, model, document, loc, loc[len(prefix) :])
            what, instead = complaint.said()
            mask = document.secrets.mask
            document.report(loc, mask(what), mask(instead))


def secret_place(model: type[BaseModel], loc: Loc) -> Loc | None:
    """Return the setting that holds a secret, of those that lead to a place.

    Args:
        model: The class of what stands at the top.
        loc: The place inside it.

    """
    for end, part in enumerate(loc):
        known = _fields(model, loc[:end])
        if part in known and SecretStr in _parts(known[str(part)].annotation):
            return loc[: end + 1]
    return None


def reference(loc: Loc) -> str:
    """Return a reference to the variable that would naturally hold a secret."""
    words = [str(part) for part in loc if part != "connections"]
    name = "".join(c if c.isalnum() else "_" for c in "_".join(words)).upper()
    return f"${{{name if name[:1].isalpha() and name.isascii() else 'A_SECRET'}}}"


@dataclass(frozen=True, slots=True)
class _Complaint:
    """One thing that pydantic found, where it found it."""

    details: ErrorDetails
    model: type[BaseModel]
    document: Document
    loc: Loc
    """Its place in the document."""
    inside: Loc
    """Its place in the model."""

    def said(self) -> Said:
        kind = self.details["type"]
        if kind == "missing":
            return "is missing", self._how_to_add()
        if kind == "extra_forbidden":
            known = _fields(self.model, self.inside[:-1])
            what = f"there is no setting {shown(self._name())} here"
            return what, did_you_mean(self._name(), known) or "delete the line"
        if secret_place(self.model, self.inside):
            return "this cannot be the secret", f"write {reference(self.loc)}"
        return EMPTY if self.details["input"] is None else self._of_value(kind)

    def _of_value(self, kind: str) -> Said:
        context = self.details.get("ctx", {})
        if kind in NEEDED:
            needed, instead = NEEDED[kind]
            return f"{self._found()} is not {needed}", instead
        if kind == "string_too_short" and context.get("min_length") == 1:
            return "the text is empty", "write a value or delete the line"
        if kind in LIMITS:
            needed = LIMITS[kind].format(**context)
            return f"{self._found()} cannot be used here", f"write {needed}"
        if kind == "string_type":
            return f"{self._found()} is no text", self._how_to_quote()
        what, _, instead = _message(self.details).partition("; ")
        return what, instead or "see runbell.example.yml"

    def _name(self) -> str:
        return str(self.inside[-1]) if self.inside else ""

    def _found(self) -> str:
        """Return what is written, which is never the value of a variable."""
        text = self._text()
        return "a list or section" if text is None else shown(text)

    def _text(self) -> str | None:
        written = self.document.written.get(self.loc)
        return written.text if written else None

    def _how_to_quote(self) -> str:
        text = self._text()
        return "write a text" if text is None else f'write it in quotes: "{text}"'

    def _how_to_add(self) -> str:
        if secret_place(self.model, self.inside):
            wanted = reference(self.loc)
            return f"write `{self._name()}: {wanted}` and export {wanted[2:-1]}"
        return f"add a line `{self._name()}: …`; runbell.example.yml shows one"


def _place(details: ErrorDetails, document: Document, prefix: Loc) -> Loc:
    loc = prefix
    # Pydantic adds the branches of unions, which nobody wrote.
    for part in details["loc"]:
        loc = (*loc, part) if (*loc, part) in document.written else loc
    if details["type"] == "missing":
        return (*loc, details["loc"][-1])
    if details["type"] == "value_error":
        # A complaint about the whole that begins with a setting's name is about that.
        named = (*loc, _message(details).partition(" ")[0])
        return named if named in document.written else loc
    return loc


def _message(details: ErrorDetails) -> str:
    cause = details.get("ctx", {}).get("error")
    return str(cause) if cause else details["msg"]


def _fields(model: type[BaseModel], loc: Loc) -> Mapping[str, FieldInfo]:
    """Return the fields of the one model at a place inside a model, as written."""
    known, is_entry = _as_written(model), False
    for part in loc:
        if is_entry:  # its position in a list, or its name in a mapping
            is_entry = False
            continue
        field = known.get(str(part))
        inner = (
            [kind for kind in _parts(field.annotation) if _is_model(kind)]
            if field
            else []
        )
        if field is None or len(inner) != 1:
            return {}
        known = _as_written(inner[0])
        is_entry = get_origin(field.annotation) in {tuple, Mapping}
    return known


def _as_written(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
