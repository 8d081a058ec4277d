"""Local frames: where a courtyard's own east and north lie in the district's CRS."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Frames:
    """Rotated, shifted axes by index: ``angle`` in radians, ``x``, ``y`` of the origins in the CRS."""

    angle: Floats
    x: Floats
    y: Floats

    def to_ground(self, xy: Floats, which: Ints) -> Floats:
        """Local coordinates (n, 2) of frames ``which`` (n,) as coordinates in the CRS (n, 2)."""
        cos, sin = np.cos(self.angle[which]), np.sin(self.angle[which])
        east = self.x[which] + cos * xy[:, 0] - sin * xy[:, 1]
        north = self.y[which] + sin * xy[:, 0] + cos * xy[:, 1]
        return np.column_stack([east, north])

    def to_local(self, xy: Floats, which: Ints) -> Floats:
        """The inverse of ``to_ground``."""
        cos, sin = np.cos(self.angle[which]), np.sin(self.angle[which])
        east, north = xy[:, 0] - self.x[which], xy[:, 1] - self.y[which]
        return np.column_stack([cos * east + sin * north, cos * north - sin * east])

    def place(
        self, shapes: Sequence[shapely.Geometry] | NDArray[np.object_], which: Sequence[int] | Ints
    ) -> NDArray[np.object_]:
        """Local ``shapes`` (n,) of frames ``which`` (n,) as shapes in the CRS."""
        array = np.array(shapes, dtype=object)
        xy, owner = shapely.get_coordinates(array, return_index=True)
        moved = self.to_ground(xy, np.asarray(which, dtype=np.int64)[owner])
        return np.asarray(shapely.set_coordinates(array, moved), dtype=object)

    def joined(self, other: "Frames") -> "Frames":
        """These frames with ``other`` behind them."""
        return Frames(
            np.concatenate([self.angle, other.angle]),
            np.concatenate([self.x, other.x]),
            np.concatenate([self.y, other.y]),
        )


def frame(angle: float, x: float, y: float) -> Frames:
    """A single frame."""
    return Frames(np.array([angle]), np.array([x]), np.array([y]))
