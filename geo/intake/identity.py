"""Which rows of a file are rows that the store has already, and what becomes of them in each mode."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.intake.draft import ROW, SHEET, objects, refuse, refuse_doubles, remark
from geo.intake.report import Level, Notes
from geo.layers import Layer, conform
from geo.vocabulary import Mode

Mask = npt.NDArray[np.bool_]
NewId = Callable[[str], str]
SAME_M = 0.001
_OWN = ("id", "source", "source_id")


@dataclass(frozen=True)
class Naming:
    """How rows of a layer are recognised. ``key`` and ``stored_key``: one text for each row of the file and
    of the store.

    ``mergeable``: a row of another source with the same key is the same thing and is filled in when adding.
    ``mild``: columns that never contradict; the file wins where the store holds the value given here.
    ``defaults``: what a new row gets where the file says nothing. ``derived``: columns that were worked out,
    not read: they fill what the store has not, and overrule nothing.
    """

    layer: Layer
    source: str
    key: pd.Series
    stored_key: pd.Series
    mergeable: bool = False
    mild: Mapping[str, str | None] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    derived: tuple[str, ...] = ()


def with_ids(
    frame: pd.DataFrame, naming: Naming, stored: pd.DataFrame, mode: Mode, new_id: NewId, notes: Notes
) -> pd.DataFrame:
    """``frame`` with ``id``: the stored row's where it is recognised, else a new one.

    Refused: a source id or key that stands twice in the file, and in mode add rows that the store has
    already.
    """
    frame = frame.assign(source=naming.source, _key=naming.key.to_numpy(dtype=object))
    frame = frame.assign(source_id=_source_ids(frame))
    frame = refuse_doubles(frame, frame["source_id"].astype("string"), notes, "duplicate_id")
    by_origin = _by_origin(frame, naming.source, stored)
    by_key = _by_key(frame, naming, stored)
    if mode is Mode.ADD:
        same_source = by_key.isin(
            stored.loc[(stored["source"] == naming.source).fillna(False).to_numpy(dtype=bool), "id"]
        ).to_numpy(bool)
        known = (
            by_origin.notna().to_numpy(bool)
            | same_source
            | (by_key.notna().to_numpy(bool) & (not naming.mergeable))
        )
        origins = (by_origin.fillna(by_key)).map(dict(zip(stored["id"], stored["source"], strict=True)))
        kept = refuse(
            frame,
            known,
            notes,
            "already_stored",
            values=_label(frame),
            facts=lambda place: {"origin": "" if pd.isna(origins.iloc[place]) else str(origins.iloc[place])},
        )
        by_key, by_origin = (
            by_key.loc[~known].reset_index(drop=True),
            by_origin.loc[~known].reset_index(drop=True),
        )
        frame = kept
    found = by_origin.fillna(by_key)
    frame = _without_claimed_twice(frame.assign(id=found.to_numpy(dtype=object)), notes)
    fresh = frame["id"].isna().to_numpy(bool)
    ids = objects(frame["id"])
    ids[fresh] = [new_id(naming.layer.name) for _ in range(int(fresh.sum()))]
    return frame.drop(columns="_key").assign(id=pd.array(ids, dtype="string"))


def _without_claimed_twice(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    return refuse_doubles(frame, frame["id"].astype("string"), notes, "same_row_twice")


def _label(frame: pd.DataFrame) -> pd.Series:
    """What a person calls the row: its name or number, else its source id."""
    label = frame["source_id"].astype("string")
    for column in ("number", "name"):
        if column in frame:
            label = frame[column].astype("string").fillna(label)
    return label


def _source_ids(frame: pd.DataFrame) -> pd.Series:
    """The file's own id, else the key (numbered where it stands more than once), else the row's number."""
    own = (
        frame["source_id"].astype("string")
        if "source_id" in frame
        else pd.Series([None] * len(frame), dtype="string")
    )
    if "id" in frame:
        own = own.fillna(frame["id"].astype("string"))
    key = frame["_key"].astype("string")
    turn = key.groupby(key).cumcount() if key.notna().any() else pd.Series(0, index=key.index)
    numbered = key.where((turn == 0).fillna(True), key + "#" + (turn + 1).astype("string"))
    rows = frame[SHEET].astype("string").fillna("") + "row " + frame[ROW].astype("string")
    return own.fillna(numbered.str.replace("\x1f", "/", regex=False)).fillna(rows)


def filled_from_stored(
    frame: pd.DataFrame, source: str, stored: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
    """``frame`` with the named columns taken from the stored row where a row says nothing and is recognised
    by its id or by source and source id."""
    if "id" not in frame and "source_id" not in frame:
        return frame
    own = (
        frame
        if "source_id" in frame
        else frame.assign(source_id=pd.array([None] * len(frame), dtype="string"))
    )
    ids = _by_origin(own, source, stored)
    if not ids.notna().any():
        return frame
    rows = stored.drop_duplicates("id").set_index("id")
    found = {name: ids.map(rows[name]).astype("string") for name in names}
    none = pd.Series([None] * len(frame), dtype="string")
    return frame.assign(
        **{
            name: (frame[name].astype("string") if name in frame else none).fillna(found[name])
            for name in names
        }
    )


def _by_origin(frame: pd.DataFrame, source: str, stored: pd.DataFrame) -> pd.Series:
    """Stored id by the file's ``id`` column or by source and source id."""
    none = pd.Series([None] * len(frame), dtype="string")
    if not len(stored):
        return none
    same = stored.loc[(stored["source"] == source).fillna(False).to_numpy(bool)].dropna(subset=["source_id"])
    known = dict(zip(same["source_id"], same["id"], strict=True))
    found = pd.Series(frame["source_id"].map(known), dtype="string") if known else none
    if "id" in frame:
        own = frame["id"].astype("string")
        found = own.where(own.isin(stored["id"]).to_numpy(bool)).fillna(found)
    return found.astype("string").reset_index(drop=True)


def _by_key(frame: pd.DataFrame, naming: Naming, stored: pd.DataFrame) -> pd.Series:
    """Stored id by the natural key, where only one stored row has it."""
    keys = naming.stored_key.reset_index(drop=True)
    if not len(stored) or not keys.notna().any():
        return pd.Series([None] * len(frame), dtype="string")
    single = keys.notna() & ~keys.duplicated(keep=False)
    known = dict(zip(keys[single], stored["id"].to_numpy()[single.to_numpy(bool)], strict=True))
    return pd.Series(frame["_key"].map(known), dtype="string").reset_index(drop=True)


def merged(
    frame: pd.DataFrame, naming: Naming, stored: pd.DataFrame, mode: Mode, notes: Notes
) -> tuple[pd.DataFrame, Mask]:
    """Full rows that keep the contract, and which of them equal what is stored.

    In mode add a stored row is filled in where it has nothing and a contradiction is refused; in mode update
    the file's filled cells win; in mode replace the file's columns win, empty or not.
    """
    present = [name for name in frame.columns if name in naming.layer.names and name not in _OWN]
    new = _conformed(frame, naming.layer)
    whole_new = new.assign(**{name: new[name].fillna(value) for name, value in naming.defaults.items()})
    stored = stored.set_index("id", drop=False)
    known = new["id"].isin(stored.index).to_numpy(bool)
    if not known.any():
        return _marked(whole_new, frame), np.zeros(len(new), dtype=bool)
    old = _conformed(stored.loc[new.loc[known, "id"]].reset_index(drop=True), naming.layer)
    fresh = (whole_new if mode is Mode.REPLACE else new).loc[known].reset_index(drop=True)
    place = np.flatnonzero(known)
    if mode is Mode.ADD:
        clash = _clashes(fresh, old, [name for name in present if name not in naming.derived], naming.mild)
        bad = np.zeros(len(new), dtype=bool)
        for name, mask in clash.items():
            full = np.zeros(len(new), dtype=bool)
            full[place[mask]] = True
            _remark_clash(frame, full & ~bad, notes, name, fresh, old, place)
            bad |= full
        _remark_filled(frame, place, bad, notes, mode)
    combined = _combined(fresh, old, present, mode, naming)
    whole = pd.concat([whole_new.loc[~known], combined.set_index(pd.Index(place))]).sort_index()
    equal = np.zeros(len(new), dtype=bool)
    equal[place] = ~differs(combined, old, naming.layer)
    result = _marked(_conformed(whole, naming.layer), frame)
    if mode is Mode.ADD:
        return result.loc[~bad].reset_index(drop=True), equal[~bad]
    return result, equal


def _conformed(frame: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    crs = frame.crs if isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame else None
    return conform(frame, layer, crs)  # type: ignore[arg-type]


def _marked(frame: pd.DataFrame, origin: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{ROW: origin[ROW].to_numpy(), SHEET: origin[SHEET].to_numpy(dtype=object)})


def _combined(
    new: pd.DataFrame, old: pd.DataFrame, present: Sequence[str], mode: Mode, naming: Naming
) -> pd.DataFrame:
    out = old.copy()
    for name in present:
        if name in naming.derived:
            out[name] = old[name].where(old[name].notna(), new[name])
        elif mode is Mode.REPLACE:
            out[name] = new[name]
        elif mode is Mode.ADD:
            open_cell = old[name].isna() | (old[name] == naming.mild.get(name)).fillna(False)
            out[name] = old[name].where(~open_cell | new[name].isna(), new[name])
        else:
            out[name] = new[name].where(new[name].notna(), old[name])
    if naming.layer.geometry and "geometry" in new:
        mine, theirs = np.asarray(new["geometry"].array), np.asarray(old["geometry"].array)
        keep = mode is Mode.ADD or _same_place(mine, theirs)
        mine = np.where(keep & ~shapely.is_missing(theirs), theirs, mine)
        crs = gpd.GeoSeries(new["geometry"]).crs or gpd.GeoSeries(old["geometry"]).crs
        out = gpd.GeoDataFrame(
            out.drop(columns="geometry"), geometry=np.where(shapely.is_missing(mine), theirs, mine), crs=crs
        )
    return out


def _clashes(
    new: pd.DataFrame, old: pd.DataFrame, names: Sequence[str], mild: Mapping[str, str | None]
) -> dict[str, Mask]:
    found = {}
    for name in names:
        if name not in mild:
            found[name] = _unequal(new[name], old[name])
        elif mild[name] is not None:
            found[name] = _unequal(new[name], old[name]) & (old[name] != mild[name]).fillna(False).to_numpy(
                bool
            )
    if "geometry" in new and "geometry" in old:
        mine, theirs = np.asarray(new["geometry"].array), np.asarray(old["geometry"].array)
        both = ~shapely.is_missing(mine) & ~shapely.is_missing(theirs)
        found["geometry"] = both & ~_same_place(mine, theirs)
    return {name: mask for name, mask in found.items() if mask.any()}


def _remark_clash(
    frame: pd.DataFrame,
    mask: Mask,
    notes: Notes,
    name: str,
    new: pd.DataFrame,
    old: pd.DataFrame,
    place: npt.NDArray[np.int64],
) -> None:
    back = {int(full): short for short, full in enumerate(place)}
    spoken = name != "geometry"

    def facts(at: int) -> dict[str, str]:
        label = frame["name"].iloc[at] if "name" in frame else ""
        return {
            "name": str(label),
            "new": str(new[name].iloc[back[at]]) if spoken else "",
            "stored": str(old[name].iloc[back[at]]) if spoken else "",
        }

    remark(
        frame,
        mask,
        notes,
        Level.REFUSED,
        "contradicts" if spoken else "outline_contradicts",
        column=name,
        facts=facts,
    )


def _remark_filled(
    frame: pd.DataFrame, place: npt.NDArray[np.int64], bad: Mask, notes: Notes, mode: Mode
) -> None:
    filled = np.zeros(len(frame), dtype=bool)
    filled[place] = True
    remark(frame, filled & ~bad, notes, Level.NOTE, "joined_to_stored", values=_label(frame))


def differs(new: pd.DataFrame, old: pd.DataFrame, layer: Layer) -> Mask:
    """Which rows of two frames of the same rows differ in any column of the contract but source and source
    id."""
    unlike = np.zeros(len(new), dtype=bool)
    for name in layer.names:
        if name not in _OWN:
            one_missing = new[name].isna().to_numpy(bool) != old[name].isna().to_numpy(bool)
            unlike |= one_missing | _unequal(new[name], old[name])
    if layer.geometry and "geometry" in new and "geometry" in old:
        mine, theirs = np.asarray(new["geometry"].array), np.asarray(old["geometry"].array)
        missing = shapely.is_missing(mine) & shapely.is_missing(theirs)
        unlike |= ~missing & ~_same_place(mine, theirs)
    return unlike


def _same_place(mine: npt.NDArray[np.object_], theirs: npt.NDArray[np.object_]) -> Mask:
    """Shapes that agree to a millimetre, the digits that surveys are written with."""
    same: Mask = np.asarray(shapely.equals_exact(mine, theirs, tolerance=SAME_M, normalize=True), dtype=bool)
    near = (np.abs(shapely.bounds(mine) - shapely.bounds(theirs)) <= SAME_M).all(axis=1)
    open_pairs = np.flatnonzero(near & ~same & (shapely.get_type_id(mine) == shapely.get_type_id(theirs)))
    same[open_pairs] = shapely.hausdorff_distance(mine[open_pairs], theirs[open_pairs]) <= SAME_M
    return same


def _unequal(new: pd.Series, old: pd.Series) -> Mask:
    if pd.api.types.is_float_dtype(new.dtype) and pd.api.types.is_float_dtype(old.dtype):
        mine, theirs = new.to_numpy(dtype=float), old.to_numpy(dtype=float)
        far: Mask = np.isfinite(mine) & np.isfinite(theirs) & ~np.isclose(mine, theirs, rtol=1e-12, atol=1e-9)
        return far
    return (new.reset_index(drop=True) != old.reset_index(drop=True)).fillna(False).to_numpy(dtype=bool) & (
        new.notna() & old.notna()
    ).to_numpy(bool)
