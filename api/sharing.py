"""What a shared link opens: the page that was shared and the data that it asks for, and nothing beside."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from maps.state import COMMUNITY_FILTERS, LINE_FILTERS

MAP, VIEW = "/map", "/api/view"
APPLICATION = frozenset(("/", "/table"))
COMMUNITY = "/community/"
FILTERS = ("town", *COMMUNITY_FILTERS, *LINE_FILTERS)
FIXED = ("theme", "as_of")
"""What stays as it was shared, also where that was nothing."""


def page_of(address: str) -> tuple[str, str] | None:
    """Path and query of an address of ours that can be shared, else ``None``."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not is_page(path):
        return None
    return path, parts.query


def is_page(path: str) -> bool:
    """Whether a page can be shared."""
    return path in (MAP, *APPLICATION) or (path.startswith(COMMUNITY) and len(path) > len(COMMUNITY))


def covers(shared: str, query: str, path: str, asked: Mapping[str, str]) -> bool:
    """Whether a link of the page ``shared`` with ``query`` opens ``path`` with the parameters ``asked``.

    A look may be filtered further than it was shared, never less. Where one town was shared only the
    community that was chosen then can be looked at.
    """
    given = dict(parse_qsl(query))
    if path == VIEW:
        fixed: tuple[str, ...] = ("as_of",)
    elif path == shared or {path, shared} <= APPLICATION:
        fixed = FIXED
    else:
        return False
    if any(asked.get(name, "") != given.get(name, "") for name in fixed):
        return False
    if given.get("town") and asked.get("community", given.get("community", "")) != given.get("community", ""):
        return False
    return all(asked.get(name) == given[name] for name in FILTERS if given.get(name))
