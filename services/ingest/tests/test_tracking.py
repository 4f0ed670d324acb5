"""Addresses lose what only tracks, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.tracking import untracked


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
        ("https://a.example/x?id=3&fbclid=abc#part", "https://a.example/x?id=3#part"),
        ("https://a.example/x?UTM_Campaign=1&b=%C3%BC&a[]=1", "https://a.example/x?b=%C3%BC&a[]=1"),
        ("https://a.example/x?gclid", "https://a.example/x"),
        (
            "https://a.example/x?ref=home&source=2&rssId=222",
            "https://a.example/x?ref=home&source=2&rssId=222",
        ),
        ("https://a.example/x?q=utm_source=1&x", "https://a.example/x?q=utm_source=1&x"),
        ("https://a.example/#/p?utm_source=1", "https://a.example/#/p?utm_source=1"),
        ("https://a.example/x?", "https://a.example/x?"),
    ],
)
def test_only_tracking_goes(given_: str, kept: str) -> None:
    assert untracked(given_) == kept


@given(st.text(alphabet="ab?&=#u_tm/.", max_size=40))
def test_what_is_left_stays_so(address: str) -> None:
    assert untracked(untracked(address)) == untracked(address)
