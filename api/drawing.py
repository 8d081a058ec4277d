"""Maps for pages: the view of an atlas rendered by the maps room."""

from typing import Any

from maps.assets import LinkedAssets
from maps.panel import Scene
from maps.townmap import MapParts, render_page, render_parts
from maps.view import build_view

ASSETS = LinkedAssets()


def map_parts(scene: Scene, embed_limit: int, nonce: str, **options: Any) -> MapParts:
    """The whole district's map for a page of the application, in the theme and language of its state."""
    view = build_view(scene.atlas, theme=scene.state.theme, lang=scene.state.lang, embed_limit=embed_limit)
    return render_parts(view, ASSETS, scene.words, nonce=nonce, options=options)


def map_page(scene: Scene, embed_limit: int, nonce: str, *, printing: bool = False) -> bytes:
    """The page of ``/map``, UTF-8; ``printing`` opens the browser's print dialogue when it is drawn."""
    state = scene.state
    view = build_view(
        scene.atlas,
        theme=state.theme,
        town=state.town,
        lang=state.lang,
        selection=state.selection(),
        embed_limit=embed_limit,
    )
    html = render_page(view, ASSETS, scene.words, nonce=nonce)
    if printing:
        script = f'<script type="module" nonce="{nonce}" src="{ASSETS.url("js/app/print.js")}"></script>'
        html = html.replace("</body>", f"{script}\n</body>")
    return html.encode()
