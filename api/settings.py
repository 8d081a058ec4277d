"""The settings of one process: the only reader of the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from ``TONGCHOU_<NAME>``; every field has a default that serves the sample on this machine."""

    model_config = SettingsConfigDict(env_prefix="TONGCHOU_", extra="ignore")

    store: str = Field(
        default=str(CHECKOUT / "var" / "district.gpkg"),
        description="Where the district's store is: a path, gpkg:PATH or postgresql://…",
    )
    data: Path = Field(
        default=CHECKOUT / "data", description="Folder of district.toml, the catalogue, codes and boundaries."
    )
    host: str = Field(default="127.0.0.1", description="Address that serve listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port that serve listens on.")
    lang: Literal["zh", "en"] = Field(default="zh", description="Language where a reader names none.")
    actor: str = Field(
        default="local", description="Who stands in the history for changes of the command line."
    )
    embed_limit: int = Field(
        default=2000,
        ge=0,
        description="A layer with more features is asked for by view, not put in the page.",
    )
    accounts: str | None = Field(
        default=None,
        description="Where the accounts are; default is a file beside the store, or the same database.",
    )
    session_idle_hours: int = Field(
        default=12, ge=1, description="Hours after which a session that nobody used is over."
    )
    session_hours: int = Field(default=168, ge=1, description="Hours after which every session is over.")
    https: bool = Field(
        default=False,
        description="The service is reached by https only (a proxy holds the certificate): cookies say so.",
    )
    files: Path | None = Field(
        default=None,
        description="Folder of photos and documents; default is a folder beside a store that is a file.",
    )
    file_limit_mb: int = Field(default=50, ge=1, description="The largest photo or document, in MB.")
    body_limit_kb: int = Field(default=2048, ge=1, description="The largest edit that is taken, in kB.")
    page_cache_mb: int = Field(default=16, ge=0, description="Memory for finished map pages, in MB.")

    def store_file_exists(self) -> bool:
        """Whether the store is a file that is there; nothing is opened."""
        return Path(self.store.removeprefix("gpkg:")).expanduser().is_file()
