"""The closed sets of the domain; every member's value is what stands in the store and in files."""

from enum import StrEnum


class Stage(StrEnum):
    """The six stages of a community, in the order of the plan."""

    SURVEY = "survey"
    SELECTION = "selection"
    PREPARATION = "preparation"
    RENOVATION = "renovation"
    ACCEPTANCE = "acceptance"
    LONG_TERM = "long_term"


class Utility(StrEnum):
    """Groups of underground lines and their letter codes (CJJ 61-2017 annex B, secondary copy)."""

    WATER = "JS"
    DRAINAGE = "PS"
    GAS = "RQ"
    HEAT = "RL"
    POWER = "DL"
    TELECOM = "TX"
    INDUSTRIAL = "GY"
    OTHER = "QT"


class LineState(StrEnum):
    """What a line is in life: drawn only, in use, or on its way out."""

    PLANNED = "planned"
    IN_SERVICE = "in_service"
    TO_ABANDON = "to_abandon"
    ABANDONED = "abandoned"
    REMOVED = "removed"


class DepthReference(StrEnum):
    """Where on the line its depth is taken."""

    TOP = "top"
    INVERT = "invert"


class GroundKind(StrEnum):
    """What carries orientation and what clearances are measured to."""

    STREET = "street"
    LANE = "lane"
    GATE = "gate"
    WALL = "wall"
    GREEN = "green"
    WATER = "water"
    PARKING = "parking"
    TREE = "tree"
    POLE = "pole"
    KERB = "kerb"
    PLACE = "place"


class BoundaryLevel(StrEnum):
    """Whose outline a boundary is."""

    DISTRICT = "district"
    TOWN = "town"


class DigState(StrEnum):
    """How far a planned trench has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class FundingSource(StrEnum):
    """Who pays: two sources with a figure in the plan, three without."""

    CENTRAL = "central"
    DISTRICT = "district"
    OWNER = "owner"
    RESIDENT = "resident"
    SOCIAL = "social"


class WorkPart(StrEnum):
    """The three parts of the works catalogue."""

    BODY = "body"
    INFRASTRUCTURE = "infrastructure"
    SERVICE = "service"


class Mode(StrEnum):
    """What an import does with rows that the store has already."""

    ADD = "add"
    UPDATE = "update"
    REPLACE = "replace"


class Verdict(StrEnum):
    """What a rule says; the last three are counted, not listed."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    NEEDS_REVIEW = "needs_review"
    OPPORTUNITY = "opportunity"
    PASS = "pass"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "not_applicable"


class FindingKind(StrEnum):
    """The rules of coordination, in the order in which they are read."""

    HORIZONTAL = "horizontal_clearance"
    VERTICAL = "vertical_clearance"
    COVER = "cover"
    DUG_TWICE = "dug_twice"
    SAME_DAYS = "same_place_same_days"
    FRESH_PAVING = "fresh_paving"
    SEASON = "season"
    ORDER = "order"
    OPPORTUNITY = "opportunity"
    MANY_DIGS = "many_small_digs"
    PROTECTION = "protection_zone"


class Role(StrEnum):
    """Who somebody is to the district, from all rights to none; what each may do is ``api.policy``."""

    ADMINISTRATOR = "administrator"
    PLANNER = "planner"
    TOWN = "town"
    UTILITY = "utility"
    INSPECTOR = "inspector"
    VIEWER = "viewer"
    PUBLIC = "public"


class AudienceKind(StrEnum):
    """Whose eyes the rows are for: everything, one town's, one owner's, anybody's."""

    INTERNAL = "internal"
    TOWN = "town"
    UTILITY = "utility"
    PUBLIC = "public"


class InspectionResult(StrEnum):
    """What an inspector found."""

    PASSED = "passed"
    TO_FIX = "to_fix"
    FAILED = "failed"
