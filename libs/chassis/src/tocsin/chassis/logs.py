"""Logs: readable on a terminal, JSON elsewhere; a library may say one thing once in ten seconds."""

import logging
import sys
import time
from typing import Any

import structlog

QUIET_SECONDS = 10.0


def configure(service: str, *, level: str, fmt: str) -> None:
    """Send structlog and standard logging through one formatter to standard error.

    ``fmt`` is ``json``, ``console`` or ``auto`` (console on a terminal). Values are encoded, so a hostile
    text cannot start a line of its own.
    """
    console = fmt == "console" or (fmt == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last = structlog.dev.ConsoleRenderer(sort_keys=False) if console else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    handler.addFilter(OncePer(QUIET_SECONDS))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; call it at import with ``__name__``."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class OncePer(logging.Filter):
    """Lets a library say the same thing only once in so many seconds.

    aiokafka alone writes 76 warnings a second while Kafka is away. Our own lines always pass.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("tocsin"):
            return True
        line, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._said.get(line, -self._seconds) < self._seconds:
            return False
        if len(self._said) > 1_000:  # noqa: PLR2004 - bounds memory if a library puts values into its template
            self._said.clear()
        self._said[line] = now
        return True
