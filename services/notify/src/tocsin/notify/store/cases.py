"""Cases as rows: locked while somebody decides about them, found, written."""

import asyncpg

from tocsin.contracts import EntityId, NoticeClassified
from tocsin.notify.cases.addresses import address_of, linked
from tocsin.notify.cases.case import Case


async def lock(connection: asyncpg.Connection) -> None:
    """One decides about cases at a time, until its transaction ends: whichever replica, or a person."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('tocsin cases'))")


async def candidates(connection: asyncpg.Connection, fact: NoticeClassified) -> list[Case]:
    """Cases that share a document, a subject or an address with the notice, latest first."""
    rows = await connection.fetch(
        """
        select body from cases
        where documents @> array[$1::text] or subjects && $2::text[] or addresses && $3::text[]
        order by changed_at desc, seq desc limit 100
        """,
        fact.notice.document_id,
        [mention.id for mention in fact.classification.subjects()],
        addresses(fact),
    )
    return [Case.model_validate(row["body"]) for row in rows]


def addresses(fact: NoticeClassified) -> list[str]:
    """What a notice is found by besides its names: where it can be read, and what it points to."""
    return sorted(filter(None, {address_of(fact), *linked(fact)}))


async def write(connection: asyncpg.Connection, case: Case) -> None:
    """Write a case as it stands."""
    await connection.execute(
        """
        insert into cases (id, ref, state, documents, subjects, addresses, body, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (id) do update set (state, documents, subjects, addresses, body, changed_at)
          = (excluded.state, excluded.documents, excluded.subjects, excluded.addresses, excluded.body,
             excluded.changed_at)
        """,
        case.id,
        case.ref,
        case.state,
        list(case.documents),
        [ref.id for ref in case.subjects],
        sorted({*case.addresses, *case.links}),
        case.model_dump(mode="json"),
        case.changed_at,
    )


async def told(connection: asyncpg.Connection, case: Case) -> dict[str, frozenset[EntityId]]:
    """By team: what of its own the alerts of this case were about so far, and of those that count as it."""
    rows = await connection.fetch(
        """
        select team_id, concerns from alerts
        where case_id = $1 or case_id in (select other_id from case_kin where case_id = $1)
        """,
        case.id,
    )
    found: dict[str, frozenset[EntityId]] = {}
    for row in rows:
        found[row["team_id"]] = found.get(row["team_id"], frozenset()) | frozenset(row["concerns"])
    return found
