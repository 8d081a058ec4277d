"""Version 2: inspections, files, consents and the receipts of the record."""

from pathlib import Path

from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new tables with their guards."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in text.strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
