"""What the JSON answers about edits look like."""

from typing import Any

from pydantic import BaseModel, Field


class Changed(BaseModel):
    """When a row last changed, who did it, and at which revision of the store."""

    at: str
    by: str
    revision: int


class Row(BaseModel):
    """One row: the columns of its layer's contract in their units, days as ISO text."""

    layer: str
    id: str
    row_revision: int
    fields: dict[str, Any]
    geometry: dict[str, Any] | None = Field(description="GeoJSON in CRS84, longitude first")
    may: list[str] = Field(description="what the reader may do with it: update, remove")
    changed: Changed


class Changing(BaseModel):
    """One row of a batch; ``row_revision`` is null where it was removed."""

    layer: str
    id: str
    row_revision: int | None
    ref: str | None = Field(default=None, alias="as", serialization_alias="as")


class Recorded(BaseModel):
    """What became of a batch."""

    revision: int
    rows: list[Changing]


class Cell(BaseModel):
    column: str
    before: Any
    after: Any


class Happening(BaseModel):
    """One line of the history: of an addition or a removal every column that holds something."""

    revision: int
    at: str
    by: str
    origin: str
    layer: str
    row: str
    action: str
    changes: list[Cell]


class History(BaseModel):
    """Newest first; ``next`` goes into ``before`` for what is older, null where nothing is."""

    events: list[Happening]
    next: str | None
