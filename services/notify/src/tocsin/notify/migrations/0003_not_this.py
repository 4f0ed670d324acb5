"""What teams have said they need not hear of, and that it is part of what decisions stand on."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    create table not_this (
        number bigint generated always as identity primary key,
        team text not null references teams,
        sort text not null check (sort in ('case', 'entity', 'source')),
        thing text not null,                             -- id of the case, entity or source
        author text not null,
        reason text not null,
        made_at timestamptz not null default now(),
        taken_back_at timestamptz,                       -- null: it stands
        taken_back_by text
    )
    """,
    "create unique index not_this_stands on not_this (team, sort, thing) where taken_back_at is null",
    "alter table standings add column not_this jsonb not null default '[]'",  # notify.notthis.NotThis, each
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
