"""How long an HTTP answer stays fresh (RFC 9111, section 4.2): its source need not be asked earlier."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE)
_NEVER = re.compile(r"(?:^|[\s,])no-(?:cache|store)(?:$|[\s,=])", re.IGNORECASE)
_AGE = re.compile(r"\d{1,10}")


def fresh_for(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds from now; 0 when nothing is said, or nothing that can be read.

    ``max-age`` wins over ``Expires``; ``no-cache`` and ``no-store`` over both; ``s-maxage`` is for caches
    that are shared, which we are not. What the answer has aged on its way counts.
    """
    control = headers.get("Cache-Control", "")
    if _NEVER.search(control):
        return 0.0
    aged = _AGE.fullmatch(headers.get("Age", "").strip())
    stated = _MAX_AGE.search(control)
    if stated is not None:
        return max(float(stated[1]) - (float(aged[0]) if aged else 0.0), 0.0)
    expires, date = _date(headers.get("Expires")), _date(headers.get("Date")) or now
    return max((expires - date).total_seconds(), 0.0) if expires is not None else 0.0


def _date(value: str | None) -> datetime | None:
    try:
        when = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC)
