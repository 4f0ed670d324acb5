"""Ask a Kafka broker who is there: an open port does not mean that the broker has registered."""

import socket
import struct
from typing import NamedTuple

LIMIT = 1_000_000  # bytes; the answer of one broker without topics has about a hundred
PATIENCE = 1.0  # seconds


class Cluster(NamedTuple):
    """How many brokers live, and the id of the one that speaks for the controller (-1: none yet)."""

    brokers: int
    controller: int


def ask(port: int) -> Cluster:
    """Send a Metadata request, version 1, for no topic to 127.0.0.1. ``OSError`` if no sense comes back.

    Source: the Kafka protocol guide, https://kafka.apache.org/protocol#The_Messages_Metadata
    """
    # api key 3, version 1, correlation id 1, client id "t", no topics
    request = struct.pack(">hhih", 3, 1, 1, 1) + b"t" + struct.pack(">i", 0)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            try:
                (size,) = struct.unpack(">i", stream.read(4))
                return read(stream.read(min(size, LIMIT)))
            except (struct.error, ValueError) as error:
                raise ConnectionError("not an answer of a Kafka broker") from error


def read(answer: bytes) -> Cluster:
    """Parse a Metadata response, version 1; ``struct.error`` if it is cut short."""
    (brokers,) = struct.unpack_from(">i", answer, 4)  # after the correlation id
    at = 8
    for _ in range(brokers):
        at = _after_string(answer, at + 4)  # node id, host
        at = _after_string(answer, at + 4)  # port, rack
    (controller,) = struct.unpack_from(">i", answer, at)
    return Cluster(brokers, controller)


def _after_string(answer: bytes, at: int) -> int:
    length: int = struct.unpack_from(">h", answer, at)[0]  # -1 stands for null
    return at + 2 + max(length, 0)
