"""How many notices of each source came on each day, for those who look at sources."""

from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = (
    """
    create table source_days (
        source text not null,
        day date not null,                               -- in UTC, on which they were recorded
        notices bigint not null,
        primary key (source, day)
    )
    """,
    """
    insert into source_days (source, day, notices)
    select body #>> '{notice,source,id}', (recorded_at at time zone 'UTC')::date, count(*) from notices
    where recorded_at > now() - interval '30 days' and body #>> '{notice,source,id}' is not null
    group by 1, 2
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
