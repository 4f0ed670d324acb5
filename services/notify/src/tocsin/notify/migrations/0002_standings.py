"""What each decision stood on: the teams and the catalogue of the day, and the cases as they were."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    -- Teams and catalogue under which notices were decided; a row for each that was ever in use.
    create table standings (
        id text primary key,                             -- from the content
        teams jsonb not null,                            -- contracts.subscriptions.Team, each
        entities jsonb not null,                         -- contracts.Entity, each
        since timestamptz not null default now()
    )
    """,
    """
    -- Null: the notice reports no act, or is older than this column, or is the canary's.
    alter table notices add column standing text references standings
    """,
    "create index notices_decided on notices (recorded_at) where standing is not null",
    """
    alter table tellings
        add column turn bigint generated always as identity,  -- the order in which they were decided
        add column stood jsonb                               -- notify.cases.Case, as it was after this one
    """,
    "create index tellings_notice on tellings (notice_id)",
    "create index tellings_turn on tellings (case_id, turn)",
    "update tellings set stood = cases.body from cases where cases.id = case_id",
    "create index steps_notice on steps (notice_id)",
    # The canary's alerts need a team. It is never declared, so never read, shown or retired.
    "insert into teams (id, declaration, retired) values ('tocsin-canary', '{}', true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
