"""What of one row somebody sees: the row without what is not for them, or nothing."""

import json
from dataclasses import dataclass

import pandas as pd

from api.editing.given import Row
from api.policy import Principal, audience_of
from api.wiring import Services
from geo.audience import INTERNAL, visible_events


@dataclass(frozen=True)
class Sighted:
    """A row as somebody sees it, and by whom they may know that it was changed."""

    row: Row
    actor: str


class Sight:
    """The eyes of one principal on single rows, by the rules that hold for the history."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self._services, self._audience = services, audience_of(principal)

    def of(self, layer: str, row: Row, actor: str = "") -> Sighted | None:
        """The row without what is not for the principal; ``None`` where they see nothing of it."""
        if self._audience == INTERNAL:
            return Sighted(row, actor)
        event = {"layer": layer, "actor": actor, "origin": "", "before": None, "after": json.dumps(row)}
        frames = self._services.keeper.current().frames
        told = visible_events(pd.DataFrame([event], dtype="string"), self._audience, frames)
        if told.empty:
            return None
        return Sighted(json.loads(told["after"].iloc[0]), str(told["actor"].iloc[0]))
