"""The one composition root: a store, its district and what is read from them."""

import csv
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from api.accounts.accounts import Accounts, open_accounts
from api.accounts.database import accounts_location
from api.atlases import Atlases, is_sample
from api.settings import Settings
from geo.audience import INTERNAL, Audience
from geo.district import District, read_district
from geo.errors import StoreUnsuitable, UnreadableFile
from geo.programme.catalogue import WorkKind, read_catalogue
from geo.store.opening import open_store, shown
from geo.store.protocol import Store
from geo.store.snapshot import SnapshotKeeper
from maps.atlas import Atlas
from maps.state import Known

HOUR_S = 3600
Committees = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class DataFolder:
    """What stands in the data folder: the district, its catalogue of works and its committees."""

    path: Path
    district: District
    catalogue: tuple[WorkKind, ...]
    committees: Committees


def read_data(path: Path) -> DataFolder:
    """Raises ``BadDistrict`` and ``UnreadableFile`` for what is missing or faulty."""
    return DataFolder(
        path,
        read_district(path / "district.toml"),
        read_catalogue(path / "works_catalogue.csv"),
        read_committees(path / "codes"),
    )


def read_committees(folder: Path) -> Committees:
    """(code, name, town code) of every ``committees_*.csv``, in the order of the files."""
    return tuple(row for path in sorted(folder.glob("committees_*.csv")) for row in _committees(path))


def _committees(path: Path) -> Committees:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return tuple((row["code"], row["name"], row["streetCode"]) for row in csv.DictReader(stream))
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(path=str(path), problem=str(error)) from error


@dataclass
class Services:
    """What the routes and the command line work with; close it when done."""

    settings: Settings
    data: DataFolder
    store: Store
    keeper: SnapshotKeeper
    _accounts: Accounts | None = None
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._atlases = Atlases(self.store, self.keeper, self.data.district, self.data.catalogue)

    @property
    def district(self) -> District:
        return self.data.district

    def today(self) -> date:
        """The sample's own day in a sample store, else the day in the district's time zone."""
        return today_of(self.keeper.current().meta, self.district)

    def last_day(self) -> date:
        """The last day that may be asked for: today, also by the calendar where a sample has its own day."""
        return max(self.today(), datetime.now(self.district.timezone).date())

    def atlas(self, audience: Audience = INTERNAL, as_of: date | None = None) -> Atlas:
        """What ``audience`` sees of the store now, or as it stood at the end of ``as_of``; kept."""
        return self._atlases.get(self.today(), audience, as_of)

    def known(self) -> Known:
        """What a query may name in the present atlas."""
        return known_of(self.atlas())

    @property
    def accounts(self) -> Accounts:
        """Who may come in; opened when first asked for, because most commands never ask."""
        with self._opening:
            if self._accounts is None:
                self._accounts = accounts_of(self.settings)
            return self._accounts

    def close(self) -> None:
        if self._accounts is not None:
            self._accounts.close()
        self.store.close()


def known_of(atlas: Atlas) -> Known:
    """Towns by code and by every name, works, owners and communities of an atlas."""
    return atlas.keep("known", lambda: _known(atlas))


def _known(atlas: Atlas) -> Known:
    own = [town for town in atlas.district.towns if town.code in atlas.towns]
    towns = {town.code: town.code for town in own}
    towns |= {name: town.code for town in own for name in town.names.values()}
    return Known(
        towns=towns,
        works=tuple(kind.code for kind in atlas.catalogue) if "works" in atlas.themes else (),
        owners=frozenset(atlas.frames["owners"]["id"]),
        communities=frozenset(atlas.frames["communities"]["id"]),
    )


def today_of(meta: Mapping[str, str], district: District) -> date:
    """The sample's own day in a sample store, else the day that it is in the district's time zone."""
    if is_sample(meta) and "as_of" in meta:
        return date.fromisoformat(meta["as_of"])
    return datetime.now(district.timezone).date()


def open_services(settings: Settings | None = None) -> Services:
    """Open the store and read the data folder that the settings name.

    Raises ``StoreMissing``, ``StoreUnsuitable`` (also for a store of another district) and what
    ``read_data`` raises.
    """
    settings = settings or Settings()
    data = read_data(settings.data)
    store = open_store(settings.store)
    found = store.meta().get("district")
    if found != data.district.code:
        store.close()
        raise StoreUnsuitable(
            "store_of_another_district", path=shown(settings.store), found=found, expected=data.district.code
        )
    return Services(settings, data, store, SnapshotKeeper(store))


def accounts_of(settings: Settings) -> Accounts:
    """Open the accounts that the settings name; raises as ``api.accounts.database.open_database`` does."""
    return open_accounts(
        accounts_location(settings.store, settings.accounts),
        idle_s=settings.session_idle_hours * HOUR_S,
        life_s=settings.session_hours * HOUR_S,
    )


def now() -> datetime:
    """The present moment in UTC, for the record."""
    return datetime.now(UTC)
