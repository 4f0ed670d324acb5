"""The health of each source, where entries that failed stand, and how a snapshot was fetched."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table sources add column health jsonb")
    op.execute("""
        alter table failed_entries
            add column id              bigint generated always as identity unique,
            add column place           text not null default '',  -- in the document
            add column parser          text not null default '',  -- version of the one that failed
            add column dropped_at      timestamptz,               -- not worth a retry, somebody said
            add column dropped_because text
    """)
    op.execute("""
        create table fetches (
            source_id    text not null references sources,
            sha256       text not null,
            location     text not null,     -- the base of its links
            content_type text not null,     -- as the source stated it
            fetched_at   timestamptz not null,
            primary key (source_id, sha256)
        )
    """)
    op.execute("create index revisions_of_source on revisions (source_id, first_seen_at)")
