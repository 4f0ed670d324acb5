"""Snapshots in an object store: S3 and what speaks its language, Google's, Azure's."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from tocsin.ingest.snapshots import Held

ROOT = "sha256/"
# Documents are held meanwhile, in a transaction: the library by itself tries for three minutes.
RETRIES, RETRYING = 2, timedelta(seconds=20)


class Bucket:
    """Objects ``sha256/ab/cdef…`` under an address such as ``s3://evidence/tocsin``.

    Credentials, region and endpoint come from the environment, as the store's own tools have them
    (``AWS_ACCESS_KEY_ID``, ``AWS_REGION``, ``AWS_ENDPOINT``). Raises ``ValueError`` when the address is
    that of no store we know.
    """

    def __init__(self, address: str) -> None:
        try:
            self._store = from_url(
                address,
                retry_config={"max_retries": RETRIES, "retry_timeout": RETRYING},
            )
        except BaseError as error:
            raise ValueError(f"{address}: no folder, and no object store either: {_words(error)}") from error

    async def keep(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        with _as_oserror():
            await obstore.put_async(self._store, _key(sha256), body)  # again, so that its age begins anew
        return sha256

    async def read(self, sha256: str) -> bytes | None:
        try:
            with _as_oserror():
                found = await obstore.get_async(self._store, _key(sha256))
                return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def sweep(self, older: timedelta, named: Collection[str]) -> Held:
        before, count, size = datetime.now(UTC) - older, 0, 0
        with _as_oserror():
            async for some in obstore.list(self._store, prefix=ROOT):
                old = [
                    one["path"]
                    for one in some
                    if one["last_modified"] < before and _hash(one["path"]) not in named
                ]
                if old:
                    await obstore.delete_async(self._store, old)
                count += len(some) - len(old)
                size += sum(one["size"] for one in some if one["path"] not in old)
        return Held(count, size)


def _key(sha256: str) -> str:
    return f"{ROOT}{sha256[:2]}/{sha256[2:]}"


def _hash(path: str) -> str:
    return "".join(path.split("/")[-2:])


@contextmanager
def _as_oserror() -> Iterator[None]:
    """What the store's library raises, as a disk would say it: it is away, and trying again may help."""
    try:
        yield
    except FileNotFoundError:
        raise
    except BaseError as error:
        raise OSError(f"the object store fails: {_words(error)}") from error


def _words(error: BaseError) -> str:
    return str(error).partition("\n")[0]  # what follows is for the library's authors
