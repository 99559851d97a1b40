"""What the settings' own docstrings say, for people who are asked for them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel


def prose(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the docstring of each field, on one line; those without are left out.

    Only the source has them: Python keeps no docstrings of attributes.
    """
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if set(getattr(kind, "model_fields", ())):
            found.update(_of_class(kind))
    return {name: text for name, text in found.items() if name in model.model_fields}


def _of_class(kind: type) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return  # installed without its source: there is nothing to tell
    for body in (node.body for node in tree.body if isinstance(node, ast.ClassDef)):
        for field, after in pairwise(body):
            match field, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield name, " ".join(text.split("\n\n")[0].split())
                case _:
                    pass
