"""Who has acknowledged what, and what follows when nobody does."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    alter table deliveries add column purpose text not null default 'alert'  -- notify.channels.Purpose
        check (purpose in ('alert', 'reminder', 'fallback', 'acknowledge', 'resolve'))
    """,
    "alter table deliveries drop constraint deliveries_alert_id_channel_key",
    "alter table deliveries add unique (alert_id, channel, purpose)",
    "alter table deliveries drop constraint deliveries_state_check",
    """
    -- cancelled: a reminder or fallback that somebody's acknowledgement, or the end of the case, overtook
    alter table deliveries add constraint deliveries_state_check
        check (state in ('pending', 'delivered', 'failed', 'folded', 'cancelled'))
    """,
    """
    create table acknowledgements (
        seq bigint generated always as identity unique,
        alert_id text primary key references alerts,     -- the first one counts
        team_id text not null,
        case_id text not null,
        step integer not null,                           -- earlier ones of the case are covered
        author text not null,
        how text not null,                               -- notify.acknowledgement.How
        at timestamptz not null default now()
    )
    """,
    "create index acknowledgements_case on acknowledgements (case_id, team_id)",
    """
    create table openings (                              -- of the page that a signed link leads to
        alert_id text primary key references alerts,
        times integer not null default 1,
        first_at timestamptz not null default now(),
        last_at timestamptz not null default now()
    )
    """,
    """
    -- What follows when nobody acknowledges an alert. Times to come are rows: a restart forgets none.
    create table escalations (
        alert_id text primary key references alerts,
        team_id text not null,
        case_id text not null,
        step integer not null,
        remind_at timestamptz not null,
        fall_back_at timestamptz,                        -- null: no fallback is declared
        reminded_at timestamptz,
        fallen_back_at timestamptz,
        due_at timestamptz,                              -- of what comes next; null: nothing does
        state text not null default 'armed'
            check (state in ('armed', 'spent', 'acknowledged', 'over', 'dropped')),
        because text,                                    -- it is not armed any more
        ended_at timestamptz
    )
    """,
    "create index escalations_due on escalations (due_at) where state = 'armed'",
    "create index escalations_case on escalations (case_id, team_id) where state in ('armed', 'spent')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
