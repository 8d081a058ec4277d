"""Styles and scripts of a page: linked from where they are served, or put into the page whole."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

from markupsafe import Markup, escape

from maps.palette import css_tokens

STATIC = Path(__file__).parent / "static"
OWN_MODULES = "tongchou"
"""``tongchou/plate/index.js`` in an import is ``static/js/plate/index.js``."""
VENDOR_MODULES: Mapping[str, str] = {
    "flatbush": "vendor/flatbush.esm.js",
    "flatqueue": "vendor/flatqueue.esm.js",
}
TOKENS = "css/tokens.css"
"""The one style sheet that is written by ``maps.palette``, not read from a file."""

_SOURCE_MAP = re.compile(r"^[ \t]*//[#@][ \t]*sourceMappingURL=.*$", re.MULTILINE)
_NEIGHBOUR = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])\.\.?/([\w./-]+)\2""")
_PICTURE = re.compile(r"""url\(\s*["']?([\w./-]+\.(?:png|svg|gif))["']?\s*\)""")
_PICTURE_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".gif": "image/gif"}


class Assets(Protocol):
    """How a page gets at its styles and scripts; ``path`` is below the static folder."""

    def style(self, path: str, nonce: str | None = None) -> Markup:
        """The element that brings a style sheet in."""
        ...

    def script(self, path: str, nonce: str | None = None) -> Markup:
        """The element that brings a classic script in."""
        ...

    def import_map(self, nonce: str | None = None) -> Markup:
        """The element that says where modules are; before any module."""
        ...


class LinkedAssets:
    """Assets at ``root`` of the same host, each with a mark of its content: they may be kept for ever."""

    def __init__(self, root: str = "/static", folder: Path = STATIC) -> None:
        self.root = root
        self._folder = folder
        self._urls: dict[str, str] = {}

    def url(self, path: str) -> str:
        """Address of a file of the static folder."""
        if path not in self._urls:
            mark = hashlib.sha256(asset_bytes(path, self._folder)).hexdigest()[:12]
            self._urls[path] = f"{self.root}/{path}?v={mark}"
        return self._urls[path]

    def style(self, path: str, nonce: str | None = None) -> Markup:
        return Markup(f'<link rel="stylesheet" href="{escape(self.url(path))}"{_nonce(nonce)}>')

    def script(self, path: str, nonce: str | None = None) -> Markup:
        return Markup(f'<script src="{escape(self.url(path))}"{_nonce(nonce)}></script>')

    def import_map(self, nonce: str | None = None) -> Markup:
        return _import_map(self._imports, nonce)

    @cached_property
    def _imports(self) -> str:
        """Modules by name and by their bare address, so that a neighbour's relative import finds it too."""
        found = {name: self.url(path) for name, path in _modules(self._folder).items()}
        found |= {f"{self.root}/{path}": self.url(path) for path in _modules(self._folder).values()}
        return _json(found)


class InlinedAssets:
    """Assets inside the page: it needs no other file and no network."""

    def __init__(self, folder: Path = STATIC, parts: tuple[str, ...] = ("plate",)) -> None:
        self._folder = folder
        self._parts = parts

    def style(self, path: str, nonce: str | None = None) -> Markup:
        return Markup(f"<style{_nonce(nonce)}>\n{_inline_style(path, self._folder)}\n</style>")

    def script(self, path: str, nonce: str | None = None) -> Markup:
        return Markup(f"<script{_nonce(nonce)}>\n{_inline_script(self._folder / path)}\n</script>")

    def import_map(self, nonce: str | None = None) -> Markup:
        return _import_map(self._imports, nonce)

    @cached_property
    def _imports(self) -> str:
        return _json({name: _data_url(self._folder / path, path) for name, path in self._wanted().items()})

    def _wanted(self) -> dict[str, str]:
        heads = tuple(f"{OWN_MODULES}/{part}/" for part in self._parts)
        modules = _modules(self._folder)
        return {
            name: path for name, path in modules.items() if name in VENDOR_MODULES or name.startswith(heads)
        }


def asset_bytes(path: str, folder: Path = STATIC) -> bytes:
    """Content of an asset, written or read."""
    return css_tokens().encode() if path == TOKENS else (folder / path).read_bytes()


@cache
def _served() -> LinkedAssets:
    return LinkedAssets()


def asset_url(path: str) -> str:
    """Address of an asset below ``/static``, for templates."""
    return _served().url(path)


def script_text(code: str) -> str:
    """JavaScript that may stand inside a script element: no ``</script`` and no ``<!--`` in it."""
    return re.sub(r"<(/script|!--)", r"<\\\1", code, flags=re.IGNORECASE)


def _modules(folder: Path) -> dict[str, str]:
    """Path below ``folder`` of every module by the name under which it is imported."""
    own = sorted(folder.glob("js/*/*.js"))
    return {
        **VENDOR_MODULES,
        **{
            f"{OWN_MODULES}/{path.parent.name}/{path.name}": path.relative_to(folder).as_posix()
            for path in own
        },
    }


@cache
def _inline_style(path: str, folder: Path) -> str:
    text = asset_bytes(path, folder).decode()
    near = (folder / path).parent
    text = _PICTURE.sub(lambda found: f"url({_picture(near / found[1])})", text)
    return text.replace("</style", "<\\/style")


def _picture(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{_PICTURE_TYPES[path.suffix]};base64,{content}"


@cache
def _inline_script(path: Path) -> str:
    return script_text(_SOURCE_MAP.sub("", path.read_text(encoding="utf-8")))


def _data_url(path: Path, below: str) -> str:
    """A module as a data URL; imports of neighbours by relative path become imports by name."""
    folder = Path(below).parent.relative_to("js") if below.startswith("js/") else Path()

    def named(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{OWN_MODULES}/{(folder / found[3]).as_posix()}{found[2]}"

    code = _SOURCE_MAP.sub("", _NEIGHBOUR.sub(named, path.read_text(encoding="utf-8")))
    return "data:text/javascript;base64," + base64.b64encode(code.encode()).decode("ascii")


def _import_map(imports: str, nonce: str | None) -> Markup:
    return Markup(f'<script type="importmap"{_nonce(nonce)}>{imports}</script>')


def _json(imports: Mapping[str, str]) -> str:
    return json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")


def _nonce(nonce: str | None) -> str:
    return "" if nonce is None else f' nonce="{escape(nonce)}"'
