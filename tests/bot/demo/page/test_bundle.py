"""The bundle is made of the sources that are there, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import bot.demo.page

PAGE = Path(bot.demo.page.__file__).parent
MADE_OF = "made-of.json"


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != MADE_OF
        and "node_modules" not in path.relative_to(folder).parts
    }


def test_the_bundle_is_current_after_a_change_of_the_source_run_make_page() -> None:
    made = json.loads((PAGE / "dist" / MADE_OF).read_text(encoding="utf-8"))

    assert made["source"] == hashes(PAGE / "source")
    assert made["dist"] == hashes(PAGE / "dist")


def test_the_lock_names_no_place_to_fetch_from() -> None:
    lock = (PAGE / "source" / "package-lock.json").read_text(encoding="utf-8")

    assert '"integrity"' in lock
    assert "://" not in lock


def test_the_page_asks_no_other_machine_for_anything() -> None:
    html = (PAGE / "dist" / "index.html").read_text(encoding="utf-8")
    css = (PAGE / "dist" / "page.css").read_text(encoding="utf-8")

    assert set(re.findall(r'(?:src|href)="([^"]*)"', html)) == {
        "/page.js",
        "/page.css",
        "/favicon.svg",
    }
    assert "@import" not in css
    assert re.findall(r"url\((?!['\"]?(?:data:|#))[^)]*\)", css) == []
