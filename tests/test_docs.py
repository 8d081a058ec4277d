"""The documents tell of everything that there is to set, to call and to make."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli import app
from api.settings import CHECKOUT, Settings

DOCS = CHECKOUT / "docs"


def told(*names: str) -> str:
    return "\n".join((CHECKOUT / name).read_text(encoding="utf-8") for name in names)


@pytest.mark.parametrize("name", ["operate.md", "operate.zh.md"])
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for field, info in Settings.model_fields.items():
        row = re.search(rf"^\| `TONGCHOU_{field.upper()}` \| (.*?) \| .+ \|$", text, re.MULTILINE)
        assert row, field
        default = "" if info.default is None else str(info.default).replace(f"{CHECKOUT}/", "")
        assert row[1].strip("` ") == default, field


def test_every_command_is_shown_in_use() -> None:
    text = told("README.md", *(f"docs/{path.name}" for path in DOCS.glob("*.md")))
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"tongchou {name}" in text, name


def test_every_target_of_make_is_documented() -> None:
    targets = re.findall(r"^([a-z-]+):.*?## ", told("Makefile"), re.MULTILINE)
    text = told("README.md", "docs/install.md", "docs/operate.md")
    for target in set(targets) - {"help", "clean"}:
        assert f"make {target}" in text, target


def test_no_link_between_documents_leads_nowhere() -> None:
    pages: list[Path] = [CHECKOUT / "README.md", *DOCS.glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
