"""What is learnt of a source's manners: validators that work, its rhythm, where it moved."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Beside etag and last_modified, which replicas of before go on using: what one of them read, with its
    # older parser, must not count as read by this one.
    op.execute("alter table sources add column manners jsonb not null default '{}'")
