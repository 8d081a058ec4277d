"""Everything that can go wrong, as one tree.

::

    PlanError
    ├── BadInput              something given from outside is wrong; nothing was changed
    │   ├── UnreadableFile    the file cannot be opened or is not what it claims to be
    │   ├── MissingCRS        coordinates without a coordinate system
    │   ├── WrongCRS          a coordinate system that cannot hold for this district
    │   ├── WrongGeometry     points where areas are wanted, or the like
    │   ├── UnknownTown       a town that the district does not have
    │   ├── DuplicateId       an id that the store or the file has already
    │   ├── BadDistrict       the district's own description is faulty
    │   └── ContractError     rows that break a layer's contract: every fault at once
    ├── NotFound              no such community, owner, layer or file, or none that may be seen
    ├── NotAllowed            known, but not for this account
    ├── SignInNeeded          nobody has said who they are
    ├── TooManyTries          guessing is slowed down
    └── StoreError            the store cannot do it
        ├── StoreMissing      nothing there yet
        ├── StoreExists       something is there already
        ├── StoreUnsuitable   old SQLite, network drive, foreign or newer schema
        ├── StoreBusy         another writer kept the store for too long
        └── StaleRevision     the row changed after it was seen

An error carries a ``code`` and ``facts``; its words are in ``maps/locale`` under ``error.<code>``.
"""

from collections.abc import Mapping
from typing import Any


class PlanError(Exception):
    """Base of the tree. ``code`` names the sentence, ``facts`` fill it in."""

    code = "plan"

    def __init__(self, code: str | None = None, /, **facts: Any) -> None:
        self.code = code or type(self).code
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.code, facts)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}({facts})"


class BadInput(PlanError):
    code = "bad_input"


class UnreadableFile(BadInput):
    code = "unreadable_file"


class MissingCRS(BadInput):
    code = "missing_crs"


class WrongCRS(BadInput):
    code = "wrong_crs"


class WrongGeometry(BadInput):
    code = "wrong_geometry"


class UnknownTown(BadInput):
    code = "unknown_town"


class DuplicateId(BadInput):
    code = "duplicate_id"


class BadDistrict(BadInput):
    code = "bad_district"


class ContractError(BadInput):
    """``facts["faults"]`` is a tuple of ``geo.layers.Fault``."""

    code = "contract"


class NotFound(PlanError):
    code = "not_found"


class NotAllowed(PlanError):
    code = "not_allowed"


class SignInNeeded(PlanError):
    code = "sign_in_needed"


class TooManyTries(PlanError):
    """``facts["seconds"]`` says when to try again."""

    code = "too_many_tries"


class StoreError(PlanError):
    code = "store"


class StoreMissing(StoreError):
    code = "store_missing"


class StoreExists(StoreError):
    code = "store_exists"


class StoreUnsuitable(StoreError):
    code = "store_unsuitable"


class StoreBusy(StoreError):
    code = "store_busy"


class StaleRevision(StoreError):
    code = "stale_revision"
