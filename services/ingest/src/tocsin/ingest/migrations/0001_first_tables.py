"""Sources, the revisions of their documents, and the entries that could not be read."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        create table sources (
            id              text primary key,
            location        text not null,          -- validators hold for this address only
            etag            text,
            last_modified   text,
            next_poll_at    timestamptz not null default now(),
            leased_until    timestamptz,            -- a replica is polling it until then
            failures        integer not null default 0,
            last_success_at timestamptz,
            last_new_at     timestamptz,
            last_error      text
        )
    """)
    op.execute("""
        create table revisions (
            document_id    text not null,
            revision       integer not null,
            source_id      text not null references sources,
            digest         text not null,
            notice_id      text not null,
            content_sha256 text not null,           -- snapshot it was read from
            first_seen_at  timestamptz not null,
            primary key (document_id, revision)
        )
    """)
    op.execute("""
        create table failed_entries (
            source_id      text not null references sources,
            native_id      text not null,
            error          text not null,
            content_sha256 text not null,           -- snapshot of the last document it was seen in
            first_seen_at  timestamptz not null,
            last_seen_at   timestamptz not null,
            times          integer not null default 1,
            primary key (source_id, native_id)
        )
    """)
