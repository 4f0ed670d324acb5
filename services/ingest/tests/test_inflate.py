"""Decompression within a cap, however the bytes are cut."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest import inflate


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@given(st.binary(max_size=2_000), st.integers(1, 50), st.sampled_from(["gzip", "deflate", ""]))
async def test_what_was_packed_comes_out_in_whatever_pieces(body: bytes, size: int, encoding: str) -> None:
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), "": body}[encoding]
    assert await inflate.read(chunks(packed, size), encoding, len(body)) == body


@given(st.binary(min_size=1, max_size=2_000), st.integers(1, 50))
async def test_one_byte_over_the_cap_is_too_large(body: bytes, size: int) -> None:
    for encoding, packed in (("gzip", gzip.compress(body)), ("", body)):
        with pytest.raises(inflate.TooLarge):
            await inflate.read(chunks(packed, size), encoding, len(body) - 1)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
async def test_junk_is_refused_and_never_more(body: bytes, encoding: str) -> None:
    try:
        assert len(await inflate.read(chunks(body, 7), encoding, 1_000)) <= 1_000
    except (inflate.BadEncoding, inflate.TooLarge) as refused:
        assert str(refused)  # noqa: PT017 - either way is right


async def test_a_bomb_is_never_held() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    tracemalloc.start()
    with pytest.raises(inflate.TooLarge):
        await inflate.read(chunks(bomb, len(bomb)), "gzip", 1_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
