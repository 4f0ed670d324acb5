"""The closed set of ways in which a poll can end."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a poll ended. Each is a label of ``tocsin_ingest_polls_total``."""

    READ = "read"  # the source answered and was read
    UNCHANGED = "unchanged"  # a whole answer with the bytes of last time: not parsed again
    NOT_MODIFIED = "not_modified"  # it says that nothing changed
    NO_SUCH_HOST = "no_such_host"  # the name leads nowhere
    BAD_CERTIFICATE = "bad_certificate"  # TLS fails: expired, for another name, or by nobody we trust
    UNREACHABLE = "unreachable"  # no connection, or a broken one
    FORBIDDEN = "forbidden_address"  # it leads into a private network: nothing was sent
    INSECURE = "insecure_redirect"  # from https to http: not followed
    TIMEOUT = "timeout"  # longer than the cap, in fetching or in reading
    TOO_LARGE = "too_large"
    REDIRECTS = "too_many_redirects"
    DISALLOWED = "disallowed"  # its robots.txt asks us to stay away
    MISSING_KEY = "missing_key"  # it wants an API key, and says so by a redirect
    GONE = "gone"  # 404 or 410: look for its new address
    REFUSED = "refused"  # any other 4xx
    THROTTLED = "throttled"  # 429, or 503 with Retry-After
    BROKEN = "broken"  # 5xx, or a status that makes no sense here
    BOT_WALL = "bot_wall"  # 202, or a challenge: it takes us for somebody else
    EMPTY = "empty"  # 200 with no body
    HTML = "html"  # a page where a feed should be
    ERROR_PAGE = "error_page"  # 200, and a page that speaks of an error
    UNREADABLE = "unreadable"  # neither feed nor page
    AWAY = "away"  # our Kafka, PostgreSQL or disk did not take it: not the source's fault
    OUTDATED = "outdated"  # another replica has the source by now: nothing of this poll counts
    UNEXPECTED = "unexpected"  # a fault of ours


class PollFailed(Exception):
    """A poll ended without a document; trying again later always may help."""

    def __init__(self, outcome: Outcome, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.retry_after = retry_after  # seconds that the source asked for
