"""Options that many commands have, and the settings that they stand for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.settings import Settings

Location = Annotated[str | None, typer.Option("--store", metavar="STORE")]
Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en")]
AsJson = Annotated[bool, typer.Option("--json")]
Town = Annotated[str | None, typer.Option("--town", metavar="TOWN")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE")]


def settings_for(store: str | None, lang: str | None, **more: Any) -> Settings:
    """The environment's settings, with what the command line says in their place."""
    given = {"store": store, "lang": lang, **more}
    return Settings(**{name: value for name, value in given.items() if value is not None})
