"""The class of an error decides whether it is tried again, buried, or waited out."""

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from tocsin.chassis.faults import Fault, Refused, fault_of
from tocsin.contracts.cloudevents import Unreadable


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (Unreadable("no JSON"), Fault.UNREADABLE),
        (Refused("too large"), Fault.REFUSED),
        (ConnectionRefusedError(), Fault.UNAVAILABLE),
        (TimeoutError(), Fault.UNAVAILABLE),
        (KafkaConnectionError(), Fault.UNAVAILABLE),
        (NodeNotReadyError(), Fault.UNAVAILABLE),
        (asyncpg.ConnectionDoesNotExistError(), Fault.UNAVAILABLE),
        (asyncpg.InterfaceError("pool is closed"), Fault.UNAVAILABLE),
        (asyncpg.InternalClientError("another operation is in progress"), Fault.UNAVAILABLE),
        (asyncpg.DeadlockDetectedError(), Fault.UNAVAILABLE),
        (asyncpg.UniqueViolationError(), Fault.UNEXPECTED),
        (ValueError("a bug"), Fault.UNEXPECTED),
        (KeyError("a bug"), Fault.UNEXPECTED),
    ],
)
def test_every_error_has_a_class(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


async def test_a_value_that_cannot_be_encoded_is_no_outage(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.DataError) as caught:
            await connection.fetchval("select $1::int", "no number")
    finally:
        await connection.close()
    assert fault_of(caught.value) is Fault.UNEXPECTED
    assert Fault.UNEXPECTED.heals
    assert Fault.UNEXPECTED.buried
    assert not Fault.UNAVAILABLE.buried
