"""What somebody asked for anew."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    """
    -- Attempts that were made before somebody asked for it anew; null: nobody has.
    alter table deliveries add column asked_after integer
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
