"""Hacker News: a story's number is its id, and its target is kept."""

import json

import pytest

from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.sources import hacker_news


def fetched(answer: object) -> Fetched:
    return Fetched(json.dumps(answer).encode(), "https://hn.example/api", "", Validators())


def test_a_story_keeps_its_target_and_its_discussion() -> None:
    linked = {
        "objectID": "4242",
        "title": "Vendor pauses two models",
        "url": "https://vendor.example/statement?utm_source=hn",
        "created_at_i": 1_781_312_000,
        "points": 900,
    }
    asked = {
        "objectID": "4243",
        "title": "Ask: what now?",
        "story_text": "See <a href='https://x.example/'>x</a>",
    }
    first, second = hacker_news.parse(fetched({"hits": [linked, asked]})).entries
    assert (first.native_id, first.url) == ("story 4242", "https://vendor.example/statement")
    assert first.links == ("https://news.ycombinator.com/item?id=4242",)
    assert first.published_at is not None
    assert second.url == "https://news.ycombinator.com/item?id=4243"
    assert (second.text, second.links) == ("See x", ("https://x.example/",))


def test_points_and_comments_that_run_on_change_nothing_and_a_bad_hit_costs_only_itself() -> None:
    hit = {"objectID": "1", "title": "T", "url": "https://a.example/", "points": 1, "num_comments": 2}
    now, later = (hacker_news.parse(fetched({"hits": [hit | {"points": n}]})).entries for n in (1, 99))
    assert now == later
    junk = [hit | {"objectID": "x"}, hit | {"created_at_i": 10**30}, {"objectID": "7"}, None]
    parsed = hacker_news.parse(fetched({"hits": [*junk, hit]}))
    assert len(parsed.entries) == 1
    assert [bad.native_id for bad in parsed.bad] == ["x", "1", "7", "#4"]


def test_what_is_no_search_is_said_to_be_none() -> None:
    with pytest.raises(PollFailed):
        hacker_news.parse(fetched({"nbHits": 0}))
