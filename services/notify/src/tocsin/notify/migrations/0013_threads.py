"""Where each case began on a channel whose receiver keeps threads; and what is due, in order."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    """
    create table threads (
        team_id text not null,
        channel text not null,
        case_id text not null,
        root text not null,                              -- as the channel's kind has it: nobody else reads it
        primary key (team_id, channel, case_id)
    )
    """,
    # In the order in which they are claimed: of thousands that came due in one transaction, too.
    "create index deliveries_in_order on deliveries (due_at, seq) where state = 'pending'",
    "drop index deliveries_due",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
