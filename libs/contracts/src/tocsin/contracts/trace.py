"""W3C trace context, version 00: the one header that ties a push to its page."""

import re
import secrets

_TRACEPARENT = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


def new_traceparent() -> str:
    """The start of a new, sampled trace.

    Source: https://www.w3.org/TR/trace-context/#traceparent-header
    """
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_of(traceparent: str | None) -> str:
    """A new span in the same trace; a new trace when there is none or it is malformed."""
    trace = trace_id(traceparent)
    return f"00-{trace}-{secrets.token_hex(8)}-01" if trace else new_traceparent()


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hex digits that all hops share, or None if the header is absent or malformed."""
    match = _TRACEPARENT.match(traceparent or "")
    return match[1] if match else None
