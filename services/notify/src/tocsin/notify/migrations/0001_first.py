"""Teams, notices, cases, alerts, deliveries."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (  # one at a time: PostgreSQL prepares single statements only
    """
    create table teams (
        id text primary key,
        declaration jsonb not null,              -- contracts.subscriptions.Team
        retired boolean not null default false   -- no longer declared: hears nothing further
    )
    """,
    """
    -- One row; a higher version tells every replica to read the teams again.
    create table subscriptions (
        sole boolean primary key default true check (sole),
        version bigint not null default 0
    )
    """,
    "insert into subscriptions default values",
    """
    create table cases (
        seq bigint generated always as identity unique,  -- pages
        id text primary key,
        ref text not null,                               -- as people say it; the id is what tells apart
        state text not null,
        documents text[] not null,                       -- that told it
        subjects text[] not null,                        -- entity ids
        body jsonb not null,                             -- notify.cases.Case
        changed_at timestamptz not null
    )
    """,
    "create index cases_ref on cases (ref)",
    "create index cases_documents on cases using gin (documents)",
    "create index cases_subjects on cases using gin (subjects)",
    """
    create table notices (
        seq bigint generated always as identity unique,
        id text primary key,
        body jsonb not null,                             -- contracts.NoticeClassified
        recorded_at timestamptz not null default now()
    )
    """,
    """
    create table tellings (                              -- which notices told which case
        case_id text not null references cases,
        notice_id text not null references notices,
        because text not null,
        primary key (case_id, notice_id)
    )
    """,
    """
    create table steps (
        case_id text not null references cases,
        number integer not null,
        notice_id text not null references notices,
        body jsonb not null,                             -- notify.cases.Step
        taken_at timestamptz not null default now(),
        primary key (case_id, number)
    )
    """,
    """
    create table alerts (
        seq bigint generated always as identity unique,
        id text primary key,
        team_id text not null references teams,
        case_id text not null,
        step integer not null,
        concerns text[] not null,                        -- what of the team's was hit
        body jsonb not null,                             -- contracts.AlertRaised
        traceparent text not null,
        raised_at timestamptz not null,
        published_at timestamptz,                        -- on the alerts topic; null: still to do
        unique (case_id, step, team_id),                 -- one alert a team and step, whatever races
        foreign key (case_id, step) references steps
    )
    """,
    "create index alerts_unpublished on alerts (seq) where published_at is null",
    "create index alerts_team on alerts (team_id, seq)",
    """
    create table deliveries (
        seq bigint generated always as identity unique,
        id text primary key,                             -- webhook-id, Message-ID: the same on every attempt
        alert_id text not null references alerts,
        team_id text not null,
        channel text not null,
        state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
        attempts integer not null default 0,
        due_at timestamptz not null default now(),       -- a claim moves it ahead: a lease
        delivered_at timestamptz,
        last_error text,
        unique (alert_id, channel)
    )
    """,
    "create index deliveries_due on deliveries (due_at) where state = 'pending'",
    """
    create table attempts (
        delivery_id text not null references deliveries,
        number integer not null,
        at timestamptz not null default now(),
        outcome text not null,
        detail text not null,
        seconds double precision not null,
        primary key (delivery_id, number)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
