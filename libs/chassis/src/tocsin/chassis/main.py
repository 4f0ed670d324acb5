"""The command line of a service: run it, migrate its tables, or show its settings."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pydantic import ValidationError

from tocsin.chassis import logs, tracing
from tocsin.chassis.settings import ServiceSettings, render, variable
from tocsin.contracts.cloudevents import describe

S = TypeVar("S", bound=ServiceSettings)

EX_CONFIG = 78  # sysexits.h: configuration error


def main(
    service: str,
    settings: type[S],
    run: Callable[[S], Coroutine[Any, Any, None]],
    *,
    migrate: Callable[[S], None] | None = None,
) -> None:
    """Entry point of a service; never returns normally without having done what was asked.

    Exit status: 0 after an ordered stop, 1 when a part failed, 2 for wrong arguments, 78 for settings
    that do not hold.
    """
    asked = _parser(service, migrate is not None).parse_args()
    effective = _load(settings)
    if asked.print_config:
        sys.stdout.write(render(effective) + "\n")
        return
    logs.configure(service, level=effective.log_level, fmt=effective.log_format)
    if getattr(asked, "migrate", False) and migrate is not None:
        migrate(effective)
        return
    try:
        if effective.otlp_endpoint:
            tracing.start(service, effective.otlp_endpoint)
        # Not uvloop: writing to a connection that was just reset raises RuntimeError there, which aiokafka
        # does not expect (its issue 1038): the fetching ends, and partitions lie still without a word.
        asyncio.run(run(effective))
    except Exception as error:
        logs.get(__name__).exception("ended", error=repr(error))
        raise SystemExit(1) from error
    finally:
        tracing.stop()


def _parser(service: str, migrates: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m tocsin.{service}",
        description=f"Tocsin's {service} service. Settings come from the environment: see --print-config.",
    )
    parser.add_argument("--print-config", action="store_true", help="show the effective settings and exit")
    if migrates:
        parser.add_argument(
            "--migrate", action="store_true", help="bring the service's tables up to date and exit"
        )
    return parser


def _load(settings: type[S]) -> S:
    try:
        return settings()
    except ValidationError as error:
        names = {str(p["loc"][0]) for p in error.errors() if p["loc"]} & set(settings.model_fields)
        hint = f" (set {', '.join(sorted(variable(settings, name) for name in names))})" if names else ""
        sys.stderr.write(f"settings do not hold: {describe(error)}{hint}\n")
        raise SystemExit(EX_CONFIG) from error
