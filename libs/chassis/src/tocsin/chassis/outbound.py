"""Calling addresses that outsiders chose: every connection is checked against where it really goes."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

LONGEST_WISH = timedelta(days=1)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out of IPv6
NEVER: tuple[Network, ...] = (  # what Python's tables call global, or do so in some versions
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890; the metadata of one cloud are at .192
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4: RFC 7526
    ipaddress.IPv4Network("168.63.129.16/32"),  # a public address that a cloud answers its own machines at
    ipaddress.IPv6Network("2001::/23"),  # RFC 2928
    ipaddress.IPv6Network("3fff::/20"),  # documentation: RFC 9637
)


class ForbiddenAddress(aiohttp.ClientConnectionError):
    """The name leads to an address inside a private network; nothing was sent."""


def is_public(address: str) -> bool:
    """Whether an IP address can only be reached over the public internet.

    IPv4 addresses inside IPv6 (mapped, 6to4, Teredo, NAT64 of RFC 6052) count as what they carry.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if carried is None and ip not in UNICAST:
            return False  # so are ::127.0.0.1 and NAT64 of a house's own (RFC 8215)
        ip = carried if carried is not None else ip
    return ip.is_global and not ip.is_multicast and not any(_inside(str(ip), network) for network in NEVER)


class Guarded(AbstractResolver):
    """A name service without the addresses that may not be reached; a name that has no other is refused."""

    def __init__(self, names: AbstractResolver, may: Callable[[str], bool]) -> None:
        self._names = names
        self._may = may

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """What the name leads to; raises ``ForbiddenAddress``, or ``OSError`` when it leads nowhere."""
        found = await self._names.resolve(host, port, family)
        open_to = [one for one in found if self._may(one["host"])]
        if found and not open_to:
            raise _forbidden(found[0]["host"])
        return open_to

    async def close(self) -> None:
        """Close what it asks."""
        await self._names.close()


def connector(
    allowed: Sequence[Network], *, limit: int = 100, names: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """A connector that opens sockets to public addresses and to the allowed networks only.

    The check sees the resolved address of each connection, so neither a literal, nor a redirect, nor a
    name that resolves differently the second time (DNS rebinding) passes it by. ``names`` is who is asked for
    addresses; the system's own name service, if left out.
    """

    def may(address: str) -> bool:
        return is_public(address) or any(_inside(address, network) for network in allowed)

    def open_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = info
        if not may(str(target[0])):
            raise _forbidden(str(target[0]))
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    return aiohttp.TCPConnector(
        resolver=Guarded(names or aiohttp.ThreadedResolver(), may),  # of a name with several, some may be
        socket_factory=open_socket,
        limit=limit,
        loop=asyncio.get_running_loop(),
    )


def _forbidden(address: str) -> ForbiddenAddress:
    return ForbiddenAddress(f"{address} is not a public address; allow its network if this is meant")


def _inside(address: str, network: Network) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.version == network.version and ip in network


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long an answer asks us to wait: seconds or an HTTP date (RFC 9110, section 10.2.3).

    None when it is absent or unreadable; never negative, at most a day: nobody may ask for ever.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WISH)
    try:
        when = parsedate_to_datetime(text)
        wish = when.replace(tzinfo=when.tzinfo or UTC) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wish, timedelta()), LONGEST_WISH)
