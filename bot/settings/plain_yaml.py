"""The text of `runbell.yml` → plain data, with the line of everything in it.

Only the plain part of YAML is taken: no anchors, aliases, merge keys or tags, so no
text can grow when it is read. Names are always text (`on` and `123` too), and only
null, true/false and numbers are anything but text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from typing_extensions import override

from bot.settings.document import Document, Written
from bot.settings.problems import Loc, Problem, SettingsError, shown
from bot.settings.syntax import (
    DEEPEST,
    EXAMPLE,
    TOO_DEEP,
    explain_character,
    explain_syntax,
)

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node, ScalarNode

LARGEST = 1024 * 1024
"""Bytes of a configuration that are read."""

LONGEST_NUMBER = 20
"""Longer numbers are taken as text: no setting is that large."""

TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"
NUMBERS = frozenset({f"{TAG}int", f"{TAG}float"})
WORDS = frozenset({f"{TAG}null", f"{TAG}bool"})

ALIAS = "alias"
"""The tag of the node that stands where an alias was refused."""


def read(path: Path) -> Document:
    """Return what a file holds, with the problems that leave the rest readable.

    Raises:
        SettingsError: the file cannot be read, is empty, or is no YAML.

    """
    return parse(_text(path), str(path))


def parse(text: str, file: str) -> Document:
    """Return what a text holds, with the problems that leave the rest readable.

    Raises:
        SettingsError: it is empty, or no YAML.

    """
    document = Document(file)
    try:
        _compose(text, document)
    except yaml.reader.ReaderError as error:
        explain_character(error, text, document)
    except yaml.MarkedYAMLError as error:
        explain_syntax(error, document)
    if not document.data:
        if not document.problems:
            document.remark((), "the file is empty", "copy runbell.example.yml into it")
        document.raise_problems()
    return document


def _compose(text: str, document: Document) -> None:
    loader = _Loader(text, document)
    try:
        node = loader.get_single_node()
    # PyYAML lets these through for escapes and versions that are out of range.
    except (ValueError, OverflowError):
        what = "a character or version is written that does not exist"
        document.remark((), what, EXAMPLE, line=loader.get_mark().line + 1)
        return
    if isinstance(node, yaml.MappingNode):
        document.data = _mapping(loader, node, (), document)
    elif node is not None and node.tag != f"{TAG}null":
        what = "the file holds a single text or a list, not settings"
        instead = f"write `name: value` on each line; {EXAMPLE}"
        document.remark((), what, instead, line=node.start_mark.line + 1)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and notes the parts of YAML that are not taken."""

    def __init__(self, text: str, document: Document) -> None:
        super().__init__(text)
        self._document = document
        self._depth = 0

    @override
    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's own
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]  # the same
            self._refuse("an alias (`*name`)", line)
            return yaml.ScalarNode(ALIAS, "", event.start_mark)  # type: ignore[arg-type]  # a mark is a mark
        if event.anchor is not None:
            self._refuse("an anchor (`&name`)", line)
            event.anchor = None
        if event.tag is not None:
            self._refuse("a tag (`!name`)", line)
            event.tag = None
        if self._depth == DEEPEST:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, sign: str, line: int) -> None:
        instead = "write the value itself, in quotes if it begins with that sign"
        self._document.remark((), f"{sign} is not supported", instead, line=line)


def _mapping(
    loader: _Loader, node: MappingNode, loc: Loc, document: Document
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        name = _name(key, loc, document)
        if name is None:
            continue
        here = (*loc, name)
        if name in found:
            what = (
                f"{shown(name)} is written twice, first in line {document.line(here)}"
            )
            document.remark(here, what, "delete one of them", line=line)
        else:
            document.written[here] = Written(line, _scalar_text(value))
            found[name] = _value(loader, value, here, document)
    return found


def _name(key: Node, loc: Loc, document: Document) -> str | None:
    """Return the text of a name, or `None` after noting why it is none."""
    line = key.start_mark.line + 1
    if not isinstance(key, yaml.ScalarNode):
        what = "a list or section cannot be a name"
        document.remark(loc, what, "put a text with brackets in quotes", line=line)
    elif key.tag == MERGE:
        what = "a merge key (`<<`) is not supported"
        document.remark(loc, what, "write the settings themselves", line=line)
    elif key.tag != ALIAS:
        return _printable(key.value)
    return None


def _value(loader: _Loader, node: Node, loc: Loc, document: Document) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, loc, document)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for position, item in enumerate(node.value):
            here = (*loc, position)
            line = item.start_mark.line + 1
            document.written[here] = Written(line, _scalar_text(item))
            items.append(_value(loader, item, here, document))
        return items
    if node.tag == ALIAS:
        document.broken.add(loc)
    return _scalar(loader, node) if isinstance(node, yaml.ScalarNode) else None


def _scalar_text(node: Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        return None
    return "" if node.tag == f"{TAG}null" else _printable(node.value)


def _printable(text: str) -> str:
    # An escape in double quotes can write half of a character, which nothing can print.
    return text.encode("utf-8", "replace").decode("utf-8")


def _scalar(loader: _Loader, node: ScalarNode) -> Any:
    # YAML 1.1 reads 12:30 as a number of minutes; here it stays what was written.
    is_number = node.tag in NUMBERS and ":" not in node.value
    if node.tag in WORDS or (is_number and len(node.value) <= LONGEST_NUMBER):
        try:
            return loader.construct_object(node)
        except ValueError:  # such as 0b_, which looks like a number and is none
            return node.value
    return _printable(node.value)


def _text(path: Path) -> str:
    def refuse(what: str, instead: str, line: int | None = None) -> SettingsError:
        return SettingsError([Problem(str(path), line, "", what, instead)])

    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        instead = "copy runbell.example.yml, or name another file with --config"
        raise refuse("there is no such file", instead) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no name of a file"
        instead = "check the path and who may read it"
        raise refuse(what=f"it cannot be read ({reason})", instead=instead) from None
    if len(raw) > LARGEST:
        raise refuse(
            what=f"it is larger than {LARGEST} bytes", instead="name the right one"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refuse("this is no UTF-8", "save the file as UTF-8", line) from None
