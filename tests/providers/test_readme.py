"""The table in providers/README.md says what the code can do."""

from __future__ import annotations

import os
import re
from pathlib import Path

from providers import registry
from providers.contract import Capability, Filter
from tests.golden import UPDATE

README = Path(registry.__file__).parent / "README.md"
TABLE = re.compile(r"(<!-- matrix:[^\n]*-->\n)(.*?)(<!-- /matrix -->)", re.DOTALL)


def matrix() -> str:
    """Return the table of what every built-in provider can do, in Markdown."""
    can = [capability.value.replace("_", " ") for capability in Capability]
    rows = [["Kind", "Title", *can, "Native filters"]]
    rows.append(["---"] * len(rows[0]))
    for kind in sorted(registry.BUILT_IN, key=lambda kind: kind.name):
        provider = kind.provider
        marks = ["yes" if c in provider.can else "–" for c in Capability]
        filters = [f.value for f in Filter if f in provider.native_filters]
        native = ", ".join(filters) or "–"
        rows.append([f"`{kind.name}`", provider.title, *marks, native])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_of_capabilities_is_that_of_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    if os.environ.get(UPDATE):
        text = TABLE.sub(lambda found: found[1] + matrix() + found[3], text)
        README.write_text(text, encoding="utf-8")

    [(_, table, _)] = TABLE.findall(text)

    assert table == matrix(), "run `make golden` and read the difference"


def test_every_kind_built_in_is_found_by_its_name() -> None:
    kinds = registry.kinds()

    for kind in registry.BUILT_IN:
        assert kinds[kind.name] is kind


def test_every_kind_built_in_has_its_page() -> None:
    pages = README.parent.parent / "docs" / "providers"

    missing = {
        k.name for k in registry.BUILT_IN if not (pages / f"{k.name}.md").exists()
    }

    assert not missing
