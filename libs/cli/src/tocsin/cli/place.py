"""Where the services are: from options, the environment, or the stack that `tocsin up` runs here."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tocsin.cli.failure import Exit, Failure

DATA = Path(".tocsin")
STATE = "up.json"


@dataclass(frozen=True)
class Place:
    """Addresses of a running Tocsin, and the key that opens its APIs."""

    ingest_url: str
    notify_url: str
    kafka: str
    api_key: str


VARIABLES = {
    "ingest_url": "TOCSIN_INGEST_URL",
    "notify_url": "TOCSIN_NOTIFY_URL",
    "kafka": "TOCSIN_KAFKA_BOOTSTRAP_SERVERS",
    "api_key": "TOCSIN_API_KEY",
}


def setting(field: str, data: Path = DATA) -> str:
    """One address or key: the environment first, then what `tocsin up` left in its folder.

    Raises ``Failure`` that names both ways when neither has it.
    """
    found = find(field, data)
    if not found:
        raise Failure(
            Exit.USAGE,
            f"no {field.replace('_', ' ')} is known",
            f"set {VARIABLES[field]}, or start everything here with: tocsin up",
        )
    return found


def find(field: str, data: Path = DATA) -> str | None:
    """The same where nobody need know it; None when neither has it."""
    return os.environ.get(VARIABLES[field]) or _running(data).get(field)


def announce(place: Place, data: Path) -> None:
    """Leave the addresses for other commands, readable by the owner only: the key is in it."""
    path = data / STATE
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(place), indent=1) + "\n", encoding="utf-8")


def withdraw(data: Path) -> None:
    """The stack has stopped."""
    (data / STATE).unlink(missing_ok=True)


def _running(data: Path) -> dict[str, str]:
    try:
        state: dict[str, str] = json.loads((data / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return state
