"""Ports are free, below the ephemeral range, and nobody else's."""

import socket

from tocsin.embedded.ports import Ports, first_ephemeral


def test_ports_lie_below_the_ephemeral_range() -> None:
    ports = Ports(5)
    assert len(set(ports.numbers)) == 5
    assert all(1024 < port < first_ephemeral() for port in ports.numbers)
    ports.release()


def test_wanted_ports_are_given_when_free() -> None:
    first = Ports(2)
    wanted = first.numbers
    first.release()
    again = Ports(2, wanted)
    assert again.numbers == wanted
    again.release()


def test_a_port_that_is_held_is_not_given_again() -> None:
    one = Ports(1)
    two = Ports(1, one.numbers)
    assert one.numbers != two.numbers
    one.release()
    two.release()


def test_a_port_on_which_somebody_listens_is_not_given() -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        ports = Ports(1, [taken])
        assert ports.numbers != (taken,)
        ports.release()
