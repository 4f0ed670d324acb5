"""Destinations that are in trouble, and since when a delivery has been tried."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    -- A channel of a team that fails or asks for time. No row: it is well.
    create table destinations (
        team_id text not null,
        channel text not null,
        failures integer not null default 0,             -- in a row
        opened_at timestamptz,                           -- null: closed, everything is sent
        probes integer not null default 0,               -- that failed since
        held_until timestamptz,                          -- nothing is sent before
        primary key (team_id, channel)
    )
    """,
    """
    alter table deliveries add column asked_at timestamptz not null default now()  -- start of the tries
    """,
    "create index deliveries_waiting on deliveries (team_id, channel) where state = 'pending'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
