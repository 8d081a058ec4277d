"""A network while it is drawn: nodes, and segments between them, each in the frame of its courtyard."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geo.sample.fabric import FABRICS
from geo.sample.frames import Floats
from geo.sample.words import STRAIGHT

STREET = -1
LONGEST = 72.0
_TRUNK_FALL = 0.35


@dataclass
class Draft:
    """Growing columns of nodes and segments; ``community`` is ``STREET`` for what lies outside courtyards.

    ``side`` is -1 for row mains west of their spine, 1 for those east of it, else 0.
    """

    node_xy: list[tuple[float, float]] = field(default_factory=list)
    node_frame: list[int] = field(default_factory=list)
    node_community: list[int] = field(default_factory=list)
    node_fabric: list[str] = field(default_factory=list)
    node_role: list[str] = field(default_factory=list)
    node_depth: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    fabric: list[str] = field(default_factory=list)
    community: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    building: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)
    trunk: list[bool] = field(default_factory=list)
    street: list[int] = field(default_factory=list)
    state: list[str] = field(default_factory=list)

    def node(
        self, fabric: str, xy: Sequence[float] | Floats, frame: int, community: int, role: str, depth: float
    ) -> int:
        """Add a node, its coordinates in ``frame``, and give its place."""
        self.node_xy.append((float(xy[0]), float(xy[1])))
        self.node_frame.append(frame)
        self.node_community.append(community)
        self.node_fabric.append(fabric)
        self.node_role.append(role)
        self.node_depth.append(depth)
        return len(self.node_xy) - 1

    def segment(
        self,
        fabric: str,
        start: int,
        end: int,
        *,
        row: int = -1,
        building: int = -1,
        side: int = 0,
        trunk: bool = False,
        street: int = -1,
        state: str = "in_service",
        length: float | None = None,
    ) -> int:
        """Add a segment in the direction of flow; along a drain the end sinks to keep the fall."""
        slope = FABRICS[fabric].slope * (_TRUNK_FALL if trunk else 1.0)
        if slope:
            run = self._run(start, end) if length is None else length
            self.node_depth[end] = max(self.node_depth[end], self.node_depth[start] + slope * run)
        self.start.append(start)
        self.end.append(end)
        self.fabric.append(fabric)
        self.community.append(self.node_community[start])
        self.row.append(row)
        self.building.append(building)
        self.side.append(side)
        self.trunk.append(trunk)
        self.street.append(street)
        self.state.append(state)
        return len(self.start) - 1

    def stretch(self, fabric: str, start: int, end: int, *, row: int = -1) -> None:
        """Segments from ``start`` to ``end`` (same frame), none longer than ``LONGEST``."""
        first, last = np.array(self.node_xy[start]), np.array(self.node_xy[end])
        pieces = max(1, int(np.ceil(self._run(start, end) / LONGEST)))
        frame, community, depth = self.node_frame[start], self.node_community[start], self.node_depth[start]
        for step in range(1, pieces):
            xy = first + (last - first) * step / pieces
            middle = self.node(fabric, xy, frame, community, STRAIGHT, depth)
            self.segment(fabric, start, middle, row=row)
            start = middle
        self.segment(fabric, start, end, row=row)

    def merge(self, node: int, into: int) -> None:
        """Let what ends at ``node`` end at ``into``; nothing touches ``node`` any more."""
        self.end = [into if end == node else end for end in self.end]
        self.node_depth[into] = max(self.node_depth[into], self.node_depth[node])

    def downstream(self, places: Sequence[int]) -> list[int]:
        """The segments that lead on from where ``places`` end, up to the trunk."""
        onward = {start: place for place, start in enumerate(self.start) if self.building[place] < 0}
        chain: list[int] = []
        node = self.end[places[-1]] if places else -1
        while node in onward and not self.trunk[onward[node]]:
            chain.append(onward[node])
            node = self.end[chain[-1]]
        return chain

    def _run(self, start: int, end: int) -> float:
        return float(np.hypot(*np.subtract(self.node_xy[start], self.node_xy[end])))
