"""Decompression that never holds more than it may."""

import zlib
from collections.abc import AsyncIterator

GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
RAW = -zlib.MAX_WBITS


class TooLarge(ValueError):
    """There is more than the cap allows."""


class BadEncoding(ValueError):
    """The bytes are not in the encoding that they claim."""


async def read(chunks: AsyncIterator[bytes], encoding: str, cap: int) -> bytes:
    """All bytes of a body, decompressed, at most ``cap``.

    ``encoding`` is the value of Content-Encoding: gzip, deflate or none (RFC 9110, 8.4.1). Raises
    ``TooLarge`` as soon as the cap is passed, whatever the compression hides, and ``BadEncoding``.
    """
    if encoding.strip().lower() not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise BadEncoding(f"content-encoding {encoding!r} was not asked for")
    inflate = _Inflater(cap) if encoding.strip().lower() not in {"", "identity"} else None
    body = bytearray()
    async for chunk in chunks:
        body += inflate.feed(chunk, cap - len(body)) if inflate else chunk
        if len(body) > cap:
            raise TooLarge(f"over {cap} bytes")
    if inflate and body and not inflate.whole:
        raise BadEncoding("the compressed body is cut short")
    return bytes(body)


class _Inflater:
    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._stream = zlib.decompressobj(GZIP_OR_ZLIB)
        self._begun = False

    @property
    def whole(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes, room: int) -> bytes:
        """Up to ``room`` + 1 bytes: one too many says that the cap is passed."""
        output = bytearray()
        while data and len(output) <= room:
            if self._stream.eof:  # a gzip body may have several members (RFC 1952, 2.2)
                self._stream = zlib.decompressobj(GZIP_OR_ZLIB)
            output += self._decompress(data, room + 1 - len(output))
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return bytes(output)

    def _decompress(self, data: bytes, most: int) -> bytes:
        try:
            output = self._stream.decompress(data, most)
        except zlib.error as error:
            if self._begun:
                raise BadEncoding(str(error)) from error
            output = self._as_raw(data, most)
        self._begun = True
        return output

    def _as_raw(self, data: bytes, most: int) -> bytes:
        # Some servers call a deflate stream without its zlib header "deflate" too.
        self._stream = zlib.decompressobj(RAW)
        try:
            return self._stream.decompress(data, most)
        except zlib.error as error:
            raise BadEncoding(str(error)) from error
