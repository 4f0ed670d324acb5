"""Which addresses of a channel took a delivery, and which of them want no more."""

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = (
    """
    create table taken (
        delivery_id text not null references deliveries,
        address text not null,                           -- as it was declared then
        primary key (delivery_id, address)
    )
    """,
    """
    create table unsubscribed (
        team_id text not null,
        channel text not null,
        address text not null,                           -- in small letters: it holds however it is declared
        at timestamptz not null default now(),
        primary key (team_id, channel, address)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
