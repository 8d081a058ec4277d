"""The house stays as DESIGN draws it: who may import what, and where words, clocks and SQL may stand."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("geo", "maps", "api")
ALLOWED = {"geo": {"geo"}, "maps": {"geo", "maps"}, "api": {"geo", "maps", "api"}}
FOLIUM_FILES = {"maps/layers.py", "maps/controls.py", "maps/townmap.py"}
SQL_FILES = ("geo/store/", "api/accounts")
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
CLOCK = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}


def sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    """Every module that is imported anywhere in the file, type-only imports included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def tops(tree: ast.Module) -> set[str]:
    return {name.split(".")[0] for name in imports(tree)}


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_one_way(room: str) -> None:
    wrong = {
        name: sorted((tops(tree) & set(ROOMS)) - ALLOWED[room])
        for name, tree in sources(room)
        if (tops(tree) & set(ROOMS)) - ALLOWED[room]
    }
    assert not wrong


def test_nothing_of_the_product_imports_tests_or_benchmarks() -> None:
    assert not {
        n: t for n, tree in sources(*ROOMS) if (t := tops(tree) & {"tests", "benchmarks", "notebooks"})
    }


def test_folium_stays_in_three_files() -> None:
    users = {name for name, tree in sources(*ROOMS) if tops(tree) & {"folium", "branca"}}
    assert users <= FOLIUM_FILES
    assert users, "the maps are Folium maps"


def test_sql_drivers_stay_at_the_edge() -> None:
    drivers = {"sqlalchemy", "pysqlite3", "sqlite3", "psycopg"}
    users = {name for name, tree in sources(*ROOMS) if tops(tree) & drivers}
    assert users == {name for name in users if name.startswith(SQL_FILES)}


def test_fastapi_stays_in_api() -> None:
    web = {"fastapi", "starlette", "uvicorn", "typer"}
    assert not {name for name, tree in sources("geo", "maps") if tops(tree) & web}


def test_environment_is_read_in_settings_only() -> None:
    def reads(tree: ast.Module) -> bool:
        return any(
            isinstance(n, ast.Attribute) and ast.unparse(n) in ENVIRONMENT for n in ast.walk(tree)
        ) or bool(imports(tree) & ENVIRONMENT)

    # The fence of intake hands its child a cleaned environment: the one place that must read it to strip it.
    allowed = {"api/settings.py"}
    assert not {name for name, tree in sources(*ROOMS) if reads(tree)} - allowed


def test_the_clock_is_read_in_api_only() -> None:
    def reads(tree: ast.Module) -> bool:
        calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
        return any(
            isinstance(f, ast.Attribute)
            and f.attr in CLOCK
            and ast.unparse(f.value).split(".")[-1] in {"datetime", "date", "time", "Timestamp"}
            for f in calls
        )

    assert not {name for name, tree in sources("geo", "maps") if reads(tree)}


def test_inits_are_empty_and_names_are_the_fields_own() -> None:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            assert path.name not in {"utils.py", "helpers.py", "common.py", "misc.py"}
            if path.name == "__init__.py":
                assert path.read_text().strip() == "", path
    for folder in ("tests", "data", "notebooks"):
        assert not list((ROOT / folder).rglob("__init__.py"))


def test_every_module_opens_with_one_sentence() -> None:
    silent = [
        name
        for name, tree in sources(*ROOMS)
        if not name.endswith("__init__.py") and not (ast.get_docstring(tree) or "").strip()
    ]
    assert not silent


def test_the_district_is_named_in_data_only() -> None:
    """Litong is the first district, not the only one."""
    names = re.compile(r"利通|金星镇|胜利镇|Litong|Jinxing|Shengli|640302|朝阳家园|新一中|EPSG:4544|\b4544\b")
    found = {
        path.relative_to(ROOT).as_posix(): hit.group()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".html", ".js", ".css", ".toml"} and "vendor" not in path.parts
        for hit in [names.search(path.read_text(encoding="utf-8"))]
        if hit
    }
    assert not found


def test_words_that_people_read_stand_in_the_locale() -> None:
    """Chinese in a Python string of maps or api is a sentence in the wrong room."""
    chinese = re.compile(r"[\u4e00-\u9fff]")
    wrong: dict[str, str] = {}
    for name, tree in sources("maps", "api"):
        docs = {
            id(n.value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docs:
                continue
            if chinese.search(node.value):
                wrong[name] = node.value
    assert not wrong


def test_no_foreign_host_in_the_product() -> None:
    host = re.compile(
        r"""(?:https?:)?//(?!www\.w3\.org|127\.0\.0\.1|localhost|\$\{)[a-z0-9-]+\.[a-z]{2,}[^\s"'`)]*"""
    )
    found = {
        path.relative_to(ROOT).as_posix(): hit.group()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".html", ".js", ".css", ".py"} and "vendor" not in path.parts
        for hit in [host.search(path.read_text(encoding="utf-8"))]
        if hit
    }
    assert not found


def test_locks_carry_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text, lock
        pins = re.findall(r"^[a-zA-Z0-9][^\n]*==[^\n]*", text, re.MULTILINE)
        assert pins and text.count("--hash=") >= len(pins), lock
    assert (
        "http" not in (ROOT / "package-lock.json").read_text().replace('"funding"', "").split('"packages"')[0]
    )
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
