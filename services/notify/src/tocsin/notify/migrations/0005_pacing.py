"""Summaries, and why each delivery goes now, later or in a summary."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    -- What is told later and together; each is sent as a delivery of its own.
    create table summaries (
        id text primary key,                             -- made of team, channel, sort and key
        team_id text not null,
        channel text not null,
        sort text not null check (sort in ('digest', 'quiet', 'storm', 'silence', 'trouble')),
        key text not null,                               -- end of the period, start of the storm, the silence
        since timestamptz not null default now(),
        due_at timestamptz not null,
        headline text,                                   -- what it says besides alerts
        lines jsonb not null default '[]',
        closed_at timestamptz,                           -- from here on nothing is folded into it
        body jsonb,                                      -- contracts.AlertsSummarised; never changes
        unique (team_id, channel, sort, key)             -- one digest a period, whatever races
    )
    """,
    "create index summaries_storms on summaries (team_id) where sort = 'storm' and closed_at is null",
    """
    alter table deliveries
        alter column alert_id drop not null,             -- of an alert, or of a summary
        add column summary_id text unique references summaries,
        add column because text,                         -- why now, why later, why folded
        add column folded_into text references summaries,
        add column case_id text,                         -- steps of one go in order
        add column released_at timestamptz               -- singly, and counts against the caps
    """,
    "alter table deliveries add check (alert_id is not null or summary_id is not null)",
    "alter table deliveries drop constraint deliveries_state_check",
    """
    alter table deliveries add constraint deliveries_state_check
        check (state in ('pending', 'delivered', 'failed', 'folded'))
    """,
    "create index deliveries_of_case on deliveries (case_id, team_id, channel)",
    "create index deliveries_released on deliveries (team_id, released_at) where released_at is not null",
    "create index deliveries_folded on deliveries (folded_into) where folded_into is not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
