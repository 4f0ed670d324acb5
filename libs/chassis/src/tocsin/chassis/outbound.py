"""Calling addresses that outsiders chose: every connection is checked against where it really goes."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohappyeyeballs import AddrInfoType

LONGEST_WISH = timedelta(days=1)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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
        if carried is not None:
            ip = carried
    return ip.is_global and not ip.is_multicast


def connector(allowed: Sequence[Network], *, limit: int = 100) -> aiohttp.TCPConnector:
    """A connector that opens sockets to public addresses and to the allowed networks only.

    The check sees the resolved address of each connection, so neither a literal, nor a redirect, nor a
    name that resolves differently the second time (DNS rebinding) passes it by.
    """

    def open_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = info
        address = str(target[0])
        if not is_public(address) and not any(_inside(address, network) for network in allowed):
            raise ForbiddenAddress(f"{address} is not a public address; allow its network if this is meant")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    return aiohttp.TCPConnector(socket_factory=open_socket, limit=limit, loop=asyncio.get_running_loop())


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
