"""Sessions of the console, and what its pages and its search look through."""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """
    create table console_sessions (
        token bytea primary key,                         -- SHA-256 of the cookie, which is kept nowhere
        key bytea not null,                              -- SHA-256 of the API key: the session ends with it
        made_at timestamptz not null default now(),
        expires_at timestamptz not null
    )
    """,
    "create index console_sessions_end on console_sessions (expires_at)",
    "create index steps_taken on steps (taken_at)",
    "create index deliveries_team on deliveries (team_id, seq)",
    "create index deliveries_failed on deliveries (seq) where state = 'failed'",
    "create index notices_words on notices using gin (to_tsvector('simple', body #>> '{notice,title}'))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
