"""Answers of status 200 that are something else."""

import pytest

from tocsin.ingest.masks import unmask, wants_key
from tocsin.ingest.outcome import Outcome


def page(title: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>x</body></html>".encode()


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Just a moment...", Outcome.BOT_WALL),
        ("Attention Required! | Cloudflare", Outcome.BOT_WALL),
        ("Access Denied", Outcome.ERROR_PAGE),
        ("404 Not Found", Outcome.ERROR_PAGE),
        ("Error 503", Outcome.ERROR_PAGE),
        ("Page not found | Agency", Outcome.ERROR_PAGE),
        ("Scheduled maintenance", Outcome.ERROR_PAGE),
        ("How we fixed error 500 in production", None),
        ("404 days of export controls: a review of the rules, the entities and the consequences", None),
        ("News", None),
    ],
)
def test_a_page_betrays_itself_by_its_title(title: str, outcome: Outcome | None) -> None:
    where_a_page_is_meant = unmask(page(title), {}, page=True)
    where_a_feed_is_meant = unmask(page(title), {}, page=False)
    assert (where_a_page_is_meant and where_a_page_is_meant[0]) == outcome
    assert where_a_feed_is_meant is not None
    assert where_a_feed_is_meant[0] is (outcome or Outcome.HTML)


@pytest.mark.parametrize(
    "body", [b"<rss/>", b"{}", b"", b"<!-- -->" * 5_000 + b"<rss/>", b"<title>404 Not Found"]
)
def test_what_is_no_page_is_left_to_its_reader(body: bytes) -> None:
    assert unmask(body, {}, page=False) is None


def test_a_challenge_says_so_in_its_header() -> None:
    found = unmask(b"<rss/>", {"cf-mitigated": "challenge"}, page=False)
    assert found is not None
    assert found[0] is Outcome.BOT_WALL


@pytest.mark.parametrize(
    ("path", "wants"),
    [
        ("/missing_key.html", True),
        ("/errors/api-key-missing", True),
        ("/no-api-key", True),
        ("/InvalidKey", True),
        ("/monkey.html", False),
        ("/keynote/", False),
        ("/news/key-missing-person-found", False),
    ],
)
def test_a_redirect_can_say_that_a_key_is_missing(path: str, wants: bool) -> None:
    assert wants_key(path) is wants
