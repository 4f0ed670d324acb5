"""Tries: how often an address may bring a key that opens nothing. Pure: time is an argument."""

from ipaddress import IPv6Address, ip_address

from tocsin.notify.pacing.bucket import Bucket, Rate

RATE = Rate(10 / 60, 10)  # a minute, and at once: a person mistypes; whoever guesses needs 2**255 tries
MOST = 10_000  # addresses that are remembered, the latest
SITE = 64  # bits of an IPv6 address: the rest is the visitor's own to choose (RFC 4291, 2.5.4)


class Tries:
    """Counts what failed, by address; a key that opens costs nothing."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        bucket = self._buckets.get(_site(address))
        return bucket.wait(now) if bucket is not None else 0.0

    def failed(self, address: str, now: float) -> None:
        """A key from there opened nothing."""
        site = _site(address)
        bucket = self._buckets.pop(site, None) or Bucket(RATE, now)
        self._buckets[site] = bucket
        bucket.take(now)
        if len(self._buckets) > MOST:
            del self._buckets[next(iter(self._buckets))]


def _site(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # no address of the internet: a socket's
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - SITE))
    return address
