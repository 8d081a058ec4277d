"""Version 1: the layers, the record, its guards."""

from pathlib import Path

from alembic import context, op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table; the number of the store's CRS comes with the connection."""
    srid = int(context.config.attributes["srid"])
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in text.strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement.replace("<srid>", str(srid)).replace("%", "%%"))
