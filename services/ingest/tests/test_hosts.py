"""Two requests to a host at a time, and a second between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.hosts import AT_ONCE, NO_LIMIT, Hosts, Turn, host


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("https://A.Example:8443/feed", "a.example"),
        ("http://user@a.example/", "a.example"),
        ("http://[::1]/", "::1"),
        ("/var/feeds/a.xml", ""),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_a_host_is_told_from_its_addresses(location: str, name: str) -> None:
    assert host(location) == name


def test_requests_to_a_host_are_apart_and_few() -> None:
    hosts = Hosts()
    assert hosts.turn("s", "a", 1.0, 10.0) == Turn("s", "a", room=1)
    hosts.begin("a", 1.0, 10.0)
    assert hosts.turn("s", "a", 1.0, 10.5) == Turn("s", "a", room=0, opens_in=0.5)
    assert hosts.turn("s", "b", 1.0, 10.4) == Turn("s", "b", room=1)
    hosts.begin("a", 3.0, 11.0)
    assert hosts.turn("s", "a", 1.0, 20.0) is None  # two are under way
    hosts.end("a", 12.0)
    assert hosts.turn("s", "a", 1.0, 12.0) == Turn("s", "a", room=0, opens_in=2.0)
    assert hosts.turn("s", "a", 1.0, 14.0) == Turn("s", "a", room=1)


def test_without_a_spacing_two_may_begin_together_and_a_file_waits_for_nobody() -> None:
    hosts = Hosts()
    assert hosts.turn("s", "a", 0.0, 10.0) == Turn("s", "a", room=AT_ONCE)
    for _ in range(9):
        hosts.begin("", 1.0, 10.0)
    assert hosts.turn("s", "", 1.0, 10.0) == Turn("s", "", room=NO_LIMIT)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.floats(0, 5)), max_size=40))
def test_nobody_is_kept_out_for_ever_and_nothing_is_kept(steps: list[tuple[str, bool, float]]) -> None:
    hosts, now, under_way = Hosts(), 0.0, list[str]()
    for name, begins, seconds in steps:
        now += seconds
        turn = hosts.turn("s", name, 1.0, now)
        if begins and turn is not None and turn.room:
            hosts.begin(name, 1.0, now)
            under_way.append(name)
        elif name in under_way:
            hosts.end(name, now)
            under_way.remove(name)
        assert under_way.count(name) <= AT_ONCE
    for name in (*under_way, "c"):
        if name == "c":
            hosts.begin(name, 0.0, now)
        hosts.end(name, now + 1)
    assert hosts == Hosts()
