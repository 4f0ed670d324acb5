"""The closed set of ways in which handling a record can fail, and what each one means."""

from enum import StrEnum

import asyncpg
from aiokafka.errors import KafkaError

from tocsin.contracts.cloudevents import Unreadable


class Fault(StrEnum):
    """Why a record was not processed.

    Each counts in ``tocsin_faults_total{fault}``; those that are buried are found on the topic's dead
    letter twin.
    """

    UNREADABLE = "unreadable"  # not the event it should be: buried at once
    REFUSED = "refused"  # the handler can never accept it: buried at once
    UNEXPECTED = "unexpected"  # a bug of ours, or a thing unheard of: tried again, then buried
    UNAVAILABLE = "unavailable"  # Kafka or PostgreSQL is away: never buried, tried until it is back

    @property
    def heals(self) -> bool:
        """Whether trying again may help."""
        return self in {Fault.UNEXPECTED, Fault.UNAVAILABLE}

    @property
    def buried(self) -> bool:
        """Whether it ends on the dead-letter topic."""
        return self is not Fault.UNAVAILABLE


class Refused(Exception):
    """A handler can never accept this record; the message says why."""


_AWAY = (
    OSError,  # refused, reset, timed out
    TimeoutError,
    KafkaError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # the pool or its connection is gone
    asyncpg.InternalClientError,  # the connection was reset while a statement was prepared on it
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


def fault_of(error: BaseException) -> Fault:
    """The class of an error. Whatever is not known is ``UNEXPECTED``."""
    if isinstance(error, Unreadable):
        return Fault.UNREADABLE
    if isinstance(error, Refused):
        return Fault.REFUSED
    # asyncpg calls a value that it cannot encode an InterfaceError too: that one never heals.
    if isinstance(error, _AWAY) and not isinstance(error, ValueError):
        return Fault.UNAVAILABLE
    return Fault.UNEXPECTED
