"""Cases that a person has merged or split, and what the notices of a case link to."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    "alter table cases add column merged_into text references cases",  # null: it stands for itself
    "create index cases_merged on cases (merged_into) where merged_into is not null",
    "alter table cases add column addresses text[] not null default '{}'",  # and those it links to
    "create index cases_addresses on cases using gin (addresses)",
    "alter table notices add column addresses text[] not null default '{}'",
    """
    alter table tellings add column now_in text references cases  -- where a person put the notice since
    """,
    "create index tellings_now on tellings (coalesce(now_in, case_id))",
    """
    create table case_changes (                          -- what people have done to cases
        number bigint generated always as identity primary key,
        what text not null check (what in ('merge', 'split')),
        case_id text not null references cases,          -- that absorbed the other, or that was split
        other_id text not null references cases,         -- that was absorbed, or that came of it
        notices text[] not null,                         -- that moved
        author text not null,
        reason text not null,
        made_at timestamptz not null,
        turn bigint not null default nextval('tellings_turn_seq'),  -- its place among the decisions
        after_notice bigint not null,                    -- the last that was recorded before it
        stood jsonb not null,                            -- notify.cases.Case, as it was after this
        other_stood jsonb                                -- null: nothing joins it any more
    )
    """,
    "create index case_changes_case on case_changes (case_id)",
    "create index case_changes_other on case_changes (other_id)",
    """
    create table case_kin (                              -- what was told in one counts as told in the other
        case_id text not null references cases,
        other_id text not null references cases,
        turn bigint not null,                            -- from this decision on
        primary key (case_id, other_id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
