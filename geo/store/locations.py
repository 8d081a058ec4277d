"""What a store's location says: a file, or a database whose password people never see."""

import re

SCHEMES = ("postgresql", "postgres")
PATTERN = re.compile(rf"^({'|'.join(SCHEMES)})://")


def is_database(location: str) -> bool:
    """Whether a location names a PostgreSQL database."""
    return PATTERN.match(location) is not None
