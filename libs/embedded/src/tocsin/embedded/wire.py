"""Run one statement on PostgreSQL by its own protocol: the port alone does not say that it serves.

Synchronous and free of any driver, so that it works whether or not an event loop runs in this thread.
Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", version 3.0.
"""

import socket
import struct
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.embedded.errors import Refused

VERSION = 3 << 16
LIMIT = 1_000_000  # bytes of one message
PATIENCE = 30.0  # seconds: CREATE DATABASE copies files


def run(port: int, user: str, database: str, statement: str) -> None:
    """Run a statement, whose rows nobody wants, on 127.0.0.1 without a password.

    ``Refused`` with the SQLSTATE if the server says no, ``OSError`` if it does not speak at all.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        with connection.makefile("rb") as stream:
            connection.sendall(_startup(user, database))
            _until_ready(stream)
            connection.sendall(_message(b"Q", statement.encode() + b"\0"))
            _until_ready(stream)
        connection.sendall(_message(b"X", b""))


def _startup(user: str, database: str) -> bytes:
    pairs = "".join(f"{word}\0" for word in ("user", user, "database", database, "")).encode()
    return struct.pack(">ii", len(pairs) + 8, VERSION) + pairs


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body


def _until_ready(stream: BinaryIO) -> None:
    for kind, body in _messages(stream):
        if kind == b"E":
            fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
            raise Refused(fields.get(b"C", "?????"), fields.get(b"M", "no reason given"))
        if kind == b"Z":
            return
    raise ConnectionError("PostgreSQL closed the connection")


def _messages(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while len(head := stream.read(5)) == 5:  # noqa: PLR2004 - one byte of kind, four of length
        (length,) = struct.unpack(">i", head[1:])
        if not 4 <= length <= LIMIT:  # noqa: PLR2004 - the length counts its own four bytes
            raise ConnectionError("not an answer of PostgreSQL")
        yield head[:1], stream.read(length - 4)
