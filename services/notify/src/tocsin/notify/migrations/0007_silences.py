"""Silences."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    create table silences (
        number bigint generated always as identity primary key,
        team text not null references teams,
        case_id text references cases,                   -- what is hidden: all that is not null applies
        entity text,
        source text,
        category text,
        watch text,
        until timestamptz not null,                      -- none goes on for ever
        author text not null,
        reason text not null,
        made_at timestamptz not null,
        ended_at timestamptz,                            -- before its time
        ended_by text,
        check (num_nonnulls(case_id, entity, source, category, watch) > 0),
        check (until > made_at and until <= made_at + interval '90 days'),
        check ((ended_at is null) = (ended_by is null))
    )
    """,
    "create index silences_standing on silences (team, until) where ended_at is null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
