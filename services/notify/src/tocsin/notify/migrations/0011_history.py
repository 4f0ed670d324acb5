"""Who changed the teams and why, which channels a test has proven, and what dry runs ask of the past."""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    """
    create table subscription_changes (
        number bigint generated always as identity primary key,
        before text not null,                            -- version of the teams, from their content
        after text not null,
        author text not null,
        reason text not null,
        at timestamptz not null default now(),
        diff jsonb not null                              -- notify.changes.Change, each
    )
    """,
    """
    -- Tests leave no delivery: what is kept of one that arrived is that it did.
    create table proofs (
        team_id text not null,
        channel text not null,
        at timestamptz not null default now(),
        primary key (team_id, channel)
    )
    """,
    "alter table summaries drop constraint summaries_sort_check",
    """
    alter table summaries add constraint summaries_sort_check
        check (sort in ('digest', 'quiet', 'storm', 'silence', 'trouble', 'upkeep'))
    """,
    "create index deliveries_made on deliveries (team_id, channel) where state = 'delivered'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
