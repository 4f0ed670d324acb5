"""API keys, who changed what, answers that are kept for a repeat, and alerts in the order of commits."""

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    """
    create table api_keys (
        id text primary key,
        label text not null,                             -- what people call it
        hash bytea not null unique,                      -- SHA-256 of the key, which is kept nowhere
        scope text not null check (scope in ('admin', 'team', 'read')),
        team text references teams,                      -- of scope team: whose it is
        made_at timestamptz not null default now(),
        made_by text not null,
        lives interval,                                  -- from its making, and of the one that replaces it
        expires_at timestamptz,                          -- null: never
        last_used_at timestamptz,                        -- to the hour
        revoked_at timestamptz,
        check ((scope = 'team') = (team is not null))
    )
    """,
    """
    create table changes (                               -- what callers of the API had changed
        number bigint generated always as identity primary key,
        at timestamptz not null default now(),
        who text not null,
        what text not null,                              -- method and path
        team text,                                       -- whose thing; null: everybody's
        outcome text check (outcome in ('done', 'failed')),  -- null: cut off in the middle
        before text,                                     -- entity tags of what was changed
        after text,
        summary text
    )
    """,
    "create index changes_team on changes (team, number)",
    """
    create table kept_answers (                          -- to repeat for the same Idempotency-Key
        who text not null,
        key text not null,
        asked bytea not null,                            -- SHA-256 of method, path and body
        asked_at timestamptz not null default now(),
        status integer,                                  -- null: the first is in hand
        answer jsonb,
        primary key (who, key)
    )
    """,
    "create index kept_answers_age on kept_answers (asked_at)",
    # Whoever reads on from a number must never be overtaken by a smaller one that is committed later. A
    # trigger for the statement runs before its rows draw their numbers.
    """
    create function alerts_in_order() returns trigger language plpgsql as $$
    begin
        perform pg_advisory_xact_lock(hashtext('tocsin alerts'));
        return null;
    end $$
    """,
    """
    create trigger alerts_in_order before insert on alerts
    for each statement execute function alerts_in_order()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
