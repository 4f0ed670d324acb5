"""What an engine answers is read without trust."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.embedded import metadata, wire


def string(text: str | None) -> bytes:
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text)) + text.encode()


@given(
    st.lists(st.tuples(st.text("abc.", max_size=9), st.none() | st.text("abc", max_size=3)), max_size=5),
    st.integers(-1, 9),
)
def test_any_cluster_is_read(brokers: list[tuple[str, str | None]], controller: int) -> None:
    answer = struct.pack(">ii", 1, len(brokers))
    for host, rack in brokers:
        answer += struct.pack(">i", 1) + string(host) + struct.pack(">i", 9092) + string(rack)
    answer += struct.pack(">ii", controller, 0)
    assert metadata.read(answer) == (len(brokers), controller)


@given(st.binary(max_size=200))
def test_nonsense_is_a_struct_error_or_a_cluster(answer: bytes) -> None:
    with contextlib.suppress(struct.error):
        metadata.read(answer)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x7f\xff\xff\xff", b"\0\0\0\x04abcd"]
)
@pytest.mark.parametrize(
    "ask",
    [metadata.ask, lambda port: wire.run(port, "tocsin", "tocsin", "SELECT 1")],
    ids=["kafka", "postgres"],
)
def test_a_stranger_on_the_port_is_no_engine(ask: Callable[[int], object], answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(OSError, match=r"."):
            ask(server.getsockname()[1])
        thread.join()
