"""What a reader notes of the last document, for sources that are compared with their past."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("alter table sources add column memory bytea")
