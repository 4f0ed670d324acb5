"""Each lease of a source gets a number that only grows: what an outdated holder writes does not count."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table sources add column fence bigint not null default 0")
