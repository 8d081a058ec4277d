"""In which community's outline a shape lies."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.intake.values import plain


def place_in_outlines(shapes: npt.NDArray[np.object_], communities: pd.DataFrame) -> pd.Series:
    """Id of the community in which each shape lies, by its inner point; lines by their longest share.

    ``communities`` has ``id`` and ``geometry`` in the same CRS as ``shapes``; missing where no outline fits.
    """
    outlines = outlined(communities)
    found = np.full(len(shapes), -1)
    if len(outlines) and len(shapes):
        grounds = np.asarray(outlines["geometry"].array)
        paths = np.isin(shapely.get_type_id(shapes), (1, 5))
        found[paths] = _longest_share(shapes[paths], grounds)
        found[~paths] = _holder(shapes[~paths], grounds)
    ids = outlines["id"].to_numpy(dtype=object)
    return pd.Series(pd.array([ids[place] if place >= 0 else None for place in found], dtype="string"))


def outlined(communities: pd.DataFrame) -> pd.DataFrame:
    """The communities that have an outline."""
    if "geometry" not in communities or not len(communities):
        return communities.iloc[:0]
    shapes = np.asarray(communities["geometry"].array)
    kept: pd.DataFrame = communities.loc[
        ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    ].reset_index(drop=True)
    return kept


def _holder(shapes: npt.NDArray[np.object_], grounds: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    found = np.full(len(shapes), -1)
    inner = shapely.point_on_surface(shapes)
    places, holders = shapely.STRtree(grounds).query(inner, predicate="intersects")
    order = np.argsort(-shapely.area(grounds)[holders], kind="stable")
    found[places[order]] = holders[order]
    return found


def _longest_share(lines: npt.NDArray[np.object_], grounds: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    found = np.full(len(lines), -1)
    places, holders = shapely.STRtree(grounds).query(lines, predicate="intersects")
    if len(places):
        shares = shapely.length(shapely.intersection(lines[places], grounds[holders]))
        order = np.argsort(shares, kind="stable")
        order = order[shares[order] > 0]
        found[places[order]] = holders[order]
    return found


class Gazetteer:
    """Finds a community by id, by name and town, or by a name that only one has."""

    def __init__(self, communities: pd.DataFrame) -> None:
        self.towns: Mapping[str, str] = dict(
            zip(communities["id"].astype(str), communities["town"].astype(str), strict=True)
        )
        self._by_key: dict[tuple[str, str], str] = {}
        self._by_name: dict[str, list[str]] = {}
        for identity, name, town in zip(
            communities["id"], communities["name"], communities["town"], strict=True
        ):
            self._by_key.setdefault((community_key(name), str(town)), str(identity))
            self._by_name.setdefault(community_key(name), []).append(str(identity))

    def names(self) -> list[str]:
        """Every name as it is compared."""
        return list(self._by_name)

    def find(self, word: str, town: str | None) -> str | None:
        """The community's id; ``None`` where there is none of that name (in that town) or more than one."""
        if word in self.towns:
            return word
        if town:
            return self._by_key.get((community_key(word), town))
        named = self._by_name.get(community_key(word), [])
        return named[0] if len(named) == 1 else None

    def count(self, word: str) -> int:
        """How many communities have that name."""
        return len(self._by_name.get(community_key(word), []))


def community_key(name: object) -> str:
    """A community's name as it is compared: full-width forms and white space levelled."""
    return plain(name).replace(" ", "").lower()
