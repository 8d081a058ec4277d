"""Assets reach the page linked with a mark of their content, or whole; never out of their element."""

import base64
import json
import re

import pytest

from maps.assets import (
    STATIC,
    TOKENS,
    InlinedAssets,
    LinkedAssets,
    asset_bytes,
    asset_url,
    script_text,
)
from maps.palette import css_tokens


@pytest.fixture
def folder(tmp_path):
    """A static folder with two modules, their dependency, a style sheet with a picture, and a script."""
    (tmp_path / "js" / "plate").mkdir(parents=True)
    (tmp_path / "vendor" / "images").mkdir(parents=True)
    (tmp_path / "js" / "plate" / "index.js").write_text(
        "import {\n  help,\n} from './help.js';\nimport Flatbush from \"flatbush\";\nexport const a = help;\n"
        "const later = () => import('./help.js');\n//# sourceMappingURL=index.js.map\n"
    )
    (tmp_path / "js" / "plate" / "help.js").write_text("export const help = 1;")
    (tmp_path / "vendor" / "flatbush.esm.js").write_text("export default 1;")
    (tmp_path / "vendor" / "flatqueue.esm.js").write_text("export default 2;")
    (tmp_path / "vendor" / "images" / "layers.png").write_bytes(b"\x89PNG")
    (tmp_path / "vendor" / "a.css").write_text('.a{background:url("images/layers.png")}')
    (tmp_path / "vendor" / "a.js").write_text(
        'x="</script><script>alert(1)</script>";y="<!--";\n//# sourceMappingURL=a.js.map'
    )
    return tmp_path


def imports_of(assets):
    return json.loads(re.search(r">(.*)</script>", assets.import_map(), re.DOTALL)[1])["imports"]


def source_of(url):
    head, content = url.split(",", 1)
    assert head == "data:text/javascript;base64"
    return base64.b64decode(content).decode()


def test_linked_address_changes_with_the_content(folder):
    before = LinkedAssets(folder=folder).url("vendor/a.css")
    (folder / "vendor" / "a.css").write_text(".b{}")
    after = LinkedAssets(folder=folder).url("vendor/a.css")
    assert before.startswith("/static/vendor/a.css?v=")
    assert before != after


def test_linked_modules_are_found_by_name_and_by_relative_import(folder):
    imports = imports_of(LinkedAssets(folder=folder))
    assert imports["tongchou/plate/help.js"] == imports["/static/js/plate/help.js"]
    assert imports["flatbush"].startswith("/static/vendor/flatbush.esm.js?v=")


def test_nonce_is_on_every_element(folder):
    for assets in (LinkedAssets(folder=folder), InlinedAssets(folder=folder)):
        elements = (
            assets.style("vendor/a.css", "n1"),
            assets.script("vendor/a.js", "n1"),
            assets.import_map("n1"),
        )
        assert all('nonce="n1"' in element for element in elements)
        assert 'nonce="&#34;&gt;' in assets.import_map('">')


def test_inlined_modules_import_by_name_only(folder):
    imports = imports_of(InlinedAssets(folder=folder))
    source = source_of(imports["tongchou/plate/index.js"])
    assert "from 'tongchou/plate/help.js'" in source
    assert "import('tongchou/plate/help.js')" in source
    assert 'from "flatbush"' in source
    assert "sourceMappingURL" not in source
    assert source_of(imports["flatqueue"]) == "export default 2;"


def test_inlined_script_cannot_end_its_element(folder):
    element = InlinedAssets(folder=folder).script("vendor/a.js")
    assert element.count("</script>") == 1
    assert "<!--" not in element
    assert "sourceMappingURL" not in element


def test_inlined_style_carries_its_pictures(folder):
    element = InlinedAssets(folder=folder).style("vendor/a.css")
    assert "url(data:image/png;base64," in element
    assert "images/layers.png" not in element


def test_script_text_keeps_its_meaning():
    assert script_text('a="</SCRIPT>"') == 'a="<\\/SCRIPT>"'
    assert script_text("a<b") == "a<b"


def test_tokens_are_an_asset_like_any_other():
    assert asset_bytes(TOKENS).decode() == css_tokens()
    assert asset_url(TOKENS).startswith("/static/css/tokens.css?v=")
    assert "--stage-survey:" in InlinedAssets().style(TOKENS)


def test_every_own_module_is_in_the_maps():
    plate = sorted(path.name for path in (STATIC / "js" / "plate").glob("*.js"))
    linked, inlined = imports_of(LinkedAssets()), imports_of(InlinedAssets())
    assert all(f"tongchou/plate/{name}" in linked for name in plate)
    assert all(f"tongchou/plate/{name}" in inlined for name in plate)


def test_no_inlined_module_imports_what_is_not_there():
    imports = imports_of(InlinedAssets())
    wanted = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"'\n]+)["']""")
    for name, url in imports.items():
        missing = [found for found in wanted.findall(source_of(url)) if found not in imports]
        assert missing == [], name
