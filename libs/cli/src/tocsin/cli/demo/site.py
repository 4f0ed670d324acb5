"""The site: feeds as a vendor, a newspaper and a gazette publish them, over HTTP with validators."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aiohttp import web


@dataclass
class Item:
    """One entry of a feed. An incident grows ``updates``, newest first: state, text and time of each."""

    id: str
    title: str
    published: datetime
    updates: list[tuple[str, str, datetime]]


@dataclass
class Site:
    """What is published so far, by feed; newest first, as feeds have it."""

    feeds: dict[str, list[Item]] = field(default_factory=dict)

    def publish(self, feed: str, name: str, title: str, text: str, state: str = "") -> None:
        """Publish an item, or revise the one of this name in place."""
        now = datetime.now(UTC)
        items = self.feeds.setdefault(feed, [])
        known = next((item for item in items if item.id == name), None)
        if known is None:
            items.insert(0, Item(name, title, now, [(state, text, now)]))
        else:
            known.updates.insert(0, (state, text, now))

    def app(self) -> web.Application:
        """The routes of the site."""
        app = web.Application()
        for path, feed, render in (
            ("/status/history.rss", "status", rss),
            ("/press/feed.xml", "press", rss),
            ("/gazette/feed.atom", "gazette", atom),
            ("/everyday/feed.json", "everyday", json_feed),
        ):
            app.router.add_get(path, self._route(feed, render))
        return app

    def _route(
        self, feed: str, render: Callable[[str, list[Item]], tuple[str, str]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.Response:
            media_type, text = render(feed, self.feeds.get(feed, []))
            etag = hashlib.sha256(text.encode()).hexdigest()[:16]
            if request.headers.get("If-None-Match") == f'"{etag}"':
                return web.Response(status=304)
            return web.Response(text=text, content_type=media_type, headers={"ETag": f'"{etag}"'})

        return answer


def rss(feed: str, items: list[Item]) -> tuple[str, str]:
    """RSS 2.0; an incident's updates stand in one description, as Statuspage writes them."""
    entries = "".join(
        f"<item><title>{escape(item.title)}</title><guid>https://{feed}.example/{item.id}</guid>"
        f"<link>https://{feed}.example/{item.id}</link>"
        f"<pubDate>{format_datetime(item.updates[0][2])}</pubDate>"
        f"<description>{escape(_html(item))}</description></item>"
        for item in items
    )
    head = f"<title>{feed}</title><link>https://{feed}.example/</link><description>{feed}</description>"
    return (
        "application/rss+xml",
        f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{entries}</channel></rss>',
    )


def atom(feed: str, items: list[Item]) -> tuple[str, str]:
    """Atom, RFC 4287."""
    now = datetime.now(UTC) if not items else items[0].published
    entries = "".join(
        f"<entry><id>urn:{feed}:{item.id}</id><title>{escape(item.title)}</title>"
        f'<link href="https://{feed}.example/{item.id}"/>'
        f"<published>{item.published.isoformat()}</published><updated>{item.updates[0][2].isoformat()}</updated>"
        f"<summary>{escape(item.updates[0][1])}</summary></entry>"
        for item in items
    )
    head = f"<id>urn:{feed}</id><title>{feed}</title><updated>{now.isoformat()}</updated>"
    return "application/atom+xml", f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'


def json_feed(feed: str, items: list[Item]) -> tuple[str, str]:
    """JSON Feed 1.1."""
    entries = [
        {
            "id": item.id,
            "url": f"https://{feed}.example/{item.id}",
            "title": item.title,
            "content_text": item.updates[0][1],
            "date_published": item.published.isoformat(),
        }
        for item in items
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": feed, "items": entries}
    return "application/feed+json", json.dumps(head)


def _html(item: Item) -> str:
    return "".join(
        f"<p><small>{at:%b %d, %H:%M} UTC</small><br><strong>{state}</strong> - {escape(text)}</p>"
        if state
        else f"<p>{escape(text)}</p>"
        for state, text, at in item.updates
    )
