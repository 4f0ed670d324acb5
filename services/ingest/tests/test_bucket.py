"""Snapshots in an object store: what the S3 protocol needs of a server, over real HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web

from tocsin.ingest.app import open_snapshots
from tocsin.ingest.bucket import Bucket
from tocsin.ingest.snapshots import Folder, Held

WEEK = timedelta(days=7)


@dataclass
class S3:
    """As much of Amazon's S3 REST API as objects need: put, get, list, delete many. `kept` by key."""

    base: str = ""
    kept: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    broken: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        key = request.path.removeprefix("/evidence").lstrip("/")
        assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=us/")
        if self.broken:
            return web.Response(status=503)
        if request.method == "PUT":
            self.kept[key] = (await request.read(), datetime.now(UTC))
            return web.Response(headers={"ETag": '"1"'})
        if request.method == "POST":
            asked = ET.fromstring(await request.read())
            gone = [str(one.text) for one in asked.iter() if one.tag.endswith("Key")]
            for one in gone:
                self.kept.pop(one, None)
            told = "".join(f"<Deleted><Key>{one}</Key></Deleted>" for one in gone)
            return web.Response(text=f"<DeleteResult>{told}</DeleteResult>")
        return self._list() if "list-type" in request.query else self._get(key)

    def _get(self, key: str) -> web.Response:
        if key not in self.kept:
            return web.Response(status=404)
        body, at = self.kept[key]
        return web.Response(
            body=body, headers={"ETag": '"1"', "Last-Modified": format_datetime(at, usegmt=True)}
        )

    def _list(self) -> web.Response:
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f'<ETag>"1"</ETag><Size>{len(body)}</Size></Contents>'
            for key, (body, at) in sorted(self.kept.items())
        )
        return web.Response(
            text=f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"
        )


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3]:
    there, app = S3(), web.Application()
    app.router.add_route("*", "/{path:.*}", there.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    environment = {
        "ACCESS_KEY_ID": "us",
        "SECRET_ACCESS_KEY": "hush",
        "REGION": "us-east-1",
        "ALLOW_HTTP": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield there
    await runner.cleanup()


async def test_bytes_lie_under_their_hash_once_and_come_back(s3: S3) -> None:
    bucket = open_snapshots("s3://evidence/tocsin")
    names = await asyncio.gather(*(bucket.keep(b"evidence") for _ in range(5)))
    sha256 = hashlib.sha256(b"evidence").hexdigest()
    assert set(names) == {sha256}
    assert list(s3.kept) == [f"tocsin/sha256/{sha256[:2]}/{sha256[2:]}"]
    assert await bucket.read(sha256) == b"evidence"
    assert await bucket.read("0" * 64) is None


async def test_what_is_old_goes_unless_it_is_named(s3: S3) -> None:
    bucket = Bucket("s3://evidence/tocsin")
    old, named, young = [await bucket.keep(body) for body in (b"old", b"named", b"young")]
    for key, (body, at) in s3.kept.items():
        if body != b"young":
            s3.kept[key] = (body, at - timedelta(days=30))
    assert await bucket.sweep(WEEK, {named}) == Held(2, len(b"named") + len(b"young"))
    assert [await bucket.read(one) for one in (old, named, young)] == [None, b"named", b"young"]


async def test_a_store_that_fails_is_away_as_a_disk_would_be(s3: S3) -> None:
    s3.broken = True
    with pytest.raises(OSError, match="the object store fails"):
        await Bucket("s3://evidence/tocsin").keep(b"evidence")


def test_an_address_of_no_store_ends_the_start_with_what_to_do() -> None:
    with pytest.raises(SystemExit, match="set TOCSIN_INGEST_SNAPSHOTS to a folder or to s3://BUCKET/PREFIX"):
        open_snapshots("ftp://evidence/")
    assert isinstance(open_snapshots(".tocsin/snapshots"), Folder)
