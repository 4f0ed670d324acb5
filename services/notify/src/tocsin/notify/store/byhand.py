"""Cases that people merge and split, as rows. What was told stays as it was; what joins is another matter.

A telling stays with the case that a notice was filed under, so that an audit finds what was decided then.
Which case holds the notice now is written beside it: ``tellings.now_in``, and ``cases.merged_into``.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts import NoticeClassified, fingerprint
from tocsin.notify.cases.byhand import Heard, Impossible, part, shared, unite
from tocsin.notify.cases.case import Case
from tocsin.notify.reserved import MODEL
from tocsin.notify.store import cases

MOST = 2_000  # notices that are heard again while everybody waits

# The case that holds a telling's notice now.
HELD = "coalesce(t.now_in, t.case_id) in (select id from cases where id = any($1) or merged_into = any($1))"
NOTICES = f"""
    select n.body from notices n join tellings t on t.notice_id = n.id
    where {HELD} group by n.id order by min(t.turn) limit {MOST + 1}
"""  # noqa: S608 # constants of ours
ELSEWHERE = f"""
    select t.notice_id, c.body from tellings t join cases h on h.id = coalesce(t.now_in, t.case_id)
    join cases c on c.id = coalesce(h.merged_into, h.id)
    where t.notice_id = any($2) and not {HELD}
"""  # noqa: S608 # constants of ours
CHANGE = """
    insert into case_changes
      (what, case_id, other_id, notices, author, reason, made_at, turn, after_notice, stood, other_stood)
    values ($1, $2, $3, $4, $5, $6, $7, $8, (select coalesce(max(seq), 0) from notices), $9, $10)
"""


@dataclass(frozen=True)
class Said:
    """Who does it, why and when. A dry run says what would become of the cases, and changes nothing."""

    author: str
    reason: str
    at: datetime
    dry_run: bool = False


@dataclass(frozen=True)
class Mended:
    """The case that stays and, after a split, the one that came of it; the notices that changed places."""

    case: Case
    other: Case | None
    notices: Sequence[str]


async def merge(pool: asyncpg.Pool, kept: str, absorbed: str, said: Said) -> Mended:
    """One case holds what two held; the other stays on record, and nothing joins it any more.

    Both by id. Raises ``Impossible``.
    """
    if kept == absorbed:
        raise Impossible("a case is merged with another: this names the same one twice")
    async with pool.acquire() as connection, connection.transaction():
        await cases.lock(connection)
        stays, goes = await _stands(connection, kept), await _stands(connection, absorbed)
        heard = await _heard(connection, [stays, goes])
        united = await asyncio.to_thread(unite, stays, goes, heard)
        moved = [one.fact.id for one in await _heard(connection, [goes])]
        if not said.dry_run:
            await cases.write(connection, united)
            await connection.execute(
                """
                update cases set merged_into = $1, documents = '{}', subjects = '{}', addresses = '{}'
                where id = $2 or merged_into = $2
                """,  # so emptied, a replica of an older version takes nothing into it either
                kept,
                absorbed,
            )
            await _record(connection, "merge", (united, goes), moved, said)
    return Mended(united, None, moved)


async def split(pool: asyncpg.Pool, case: str, notices: Collection[str], said: Said) -> Mended:
    """Some notices leave a case for one of their own; one that was merged into it and goes whole, is back.

    Raises ``Impossible``.
    """
    async with pool.acquire() as connection, connection.transaction():
        await cases.lock(connection)
        before = await _stands(connection, case)
        heard = await _heard(connection, [before])
        goes = [one for one in heard if one.fact.id in notices]
        stays = [one for one in heard if one.fact.id not in notices]
        if missing := set(notices) - {one.fact.id for one in goes}:
            raise Impossible(f"{before.ref} holds no notice {min(missing)!r}: GET /v1/cases/{before.ref}")
        moved = [one.fact.id for one in goes]
        back = await _whole(connection, case, moved)
        identity = back[0].id if back else fingerprint("case", "split", case, said.at.isoformat(), *moved)
        steps = back[0].steps if back else 0
        left, gone = await asyncio.to_thread(part, before, stays, goes, identity, steps)
        if not said.dry_run:
            await _move(connection, left, gone, [one.id for one in back], moved)
            await _record(connection, "split", (left, gone), moved, said)
    return Mended(left, gone, moved)


async def changes(pool: asyncpg.Pool, case: str) -> list[dict[str, Any]]:
    """What people have done to a case, oldest first."""
    rows = await pool.fetch(
        """
        select h.what, a.ref as case_ref, b.ref as other_ref, h.notices, h.author, h.reason, h.made_at
        from case_changes h join cases a on a.id = h.case_id join cases b on b.id = h.other_id
        where $1 in (h.case_id, h.other_id) order by h.number
        """,
        case,
    )
    return [dict(row) for row in rows]


async def _stands(connection: asyncpg.Connection, case: str) -> Case:
    """A case that stands for itself."""
    row = await connection.fetchrow(
        """
        select c.body, whole.ref as whole from cases c left join cases whole on whole.id = c.merged_into
        where c.id = $1 and not c.subjects @> array[$2::text]
        """,
        case,
        MODEL,
    )
    if row is None:
        raise Impossible(f"there is no case {case}: GET /v1/cases lists them")
    found = Case.model_validate(row["body"])
    if row["whole"] is not None:
        raise Impossible(f"{found.ref} was merged into {row['whole']}: name that one")
    return found


async def _heard(connection: asyncpg.Connection, own: Sequence[Case]) -> list[Heard]:
    """The notices that these cases hold, in the order in which they were decided."""
    ids = [case.id for case in own]
    facts = [NoticeClassified.model_validate(row["body"]) for row in await connection.fetch(NOTICES, ids)]
    if len(facts) > MOST:
        raise Impossible(f"these cases hold over {MOST} notices: too many to be heard again at one go")
    others: dict[str, list[Case]] = defaultdict(list)
    for row in await connection.fetch(ELSEWHERE, ids, [fact.id for fact in facts]):
        others[row["notice_id"]].append(Case.model_validate(row["body"]))
    return [shared(fact, own, others[fact.id]) for fact in facts]


async def _whole(connection: asyncpg.Connection, case: str, notices: Sequence[str]) -> list[Case]:
    """The cases merged into this one all of whose notices are among these, the oldest first."""
    rows = await connection.fetch(
        """
        select c.body from cases c where c.merged_into = $1
          and exists (select from tellings t where coalesce(t.now_in, t.case_id) = c.id)
          and not exists (
            select from tellings t where coalesce(t.now_in, t.case_id) = c.id and not t.notice_id = any($2))
        order by c.seq
        """,
        case,
        notices,
    )
    return [Case.model_validate(row["body"]) for row in rows]


async def _move(
    connection: asyncpg.Connection, left: Case, gone: Case, back: Sequence[str], notices: Sequence[str]
) -> None:
    """Notices leave one case for the other; those in ``back`` go with them, and the other is one again."""
    await cases.write(connection, left)
    await cases.write(connection, gone)
    await connection.execute(
        "update cases set merged_into = nullif($1, id) where id = any($2)", gone.id, back
    )
    await connection.execute(
        f"update tellings t set now_in = $2 where t.notice_id = any($3) and {HELD}",  # noqa: S608 # constants of ours
        [left.id],
        gone.id,
        notices,
    )


async def _record(
    connection: asyncpg.Connection, what: str, pair: tuple[Case, Case], moved: Sequence[str], said: Said
) -> None:
    """Write down what was done; what was told in the one case counts as told in the other from now on."""
    case, other = pair
    turn = await connection.fetchval("select nextval('tellings_turn_seq')")
    stood, gone = case.model_dump(mode="json"), other.model_dump(mode="json") if what == "split" else None
    who = (said.author, said.reason, said.at)
    await connection.execute(CHANGE, what, case.id, other.id, moved, *who, turn, stood, gone)
    hears, from_whom = (other.id, case.id) if what == "split" else (case.id, other.id)
    await connection.execute(
        """
        insert into case_kin (case_id, other_id, turn)
        select $1, id, $3 from (select $2 as id union select other_id from case_kin where case_id = $2) kin
        where id <> $1 on conflict do nothing
        """,
        hears,
        from_whom,
        turn,
    )
    # What a team refused of one case is refused of the one that holds it: every replica reads again.
    await connection.execute("update subscriptions set version = version + 1")
