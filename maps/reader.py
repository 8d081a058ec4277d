"""Who looks at a page, as far as the page says it: name, role, and what they may press."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reader:
    """``way`` is ``nobody``, ``session``, ``token`` or ``share``; ``csrf`` is what forms and scripts carry.

    ``needs`` names what of the routes' needs they meet (``api.policy.Need``), ``adds`` the layers to which
    they may add rows, ``edits`` those whose rows they may change where the row is theirs; ``id`` is the
    account's.
    """

    name: str = ""
    role: str = "public"
    way: str = "nobody"
    csrf: str = ""
    needs: frozenset[str] = field(default_factory=frozenset)
    adds: frozenset[str] = field(default_factory=frozenset)
    edits: frozenset[str] = field(default_factory=frozenset)
    id: str = ""

    @property
    def signed_in(self) -> bool:
        return self.way == "session"


NOBODY = Reader()
