"""`tocsin up`: everything on this machine, until Ctrl-C."""

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import DATA, announce, withdraw

if TYPE_CHECKING:
    from tocsin.cli.stack import Stack

LOOK_SECONDS = 0.5


def up(
    data: Annotated[Path, typer.Option("--data", help="Folder for all data; it stays.")] = DATA,
    sources: Annotated[
        Path | None, typer.Option("--sources", help="Your sources.yaml; the shipped one if left out.")
    ] = None,
    teams: Annotated[Path | None, typer.Option("--teams", help="A teams.yaml to apply once up.")] = None,
    json: Json = False,
) -> None:
    """Run Kafka, PostgreSQL and the three services here, until Ctrl-C. The data stays in a folder.

    Secrets that channels name (secret_env, url_env) are taken from this command's environment.

    Example:
        PAYMENTS_SECRET=whsec_... tocsin up --teams teams.yaml
    """
    from tocsin.cli.stack import Stack  # noqa: PLC0415 - half a second that no other command waits for

    if sources is not None and not sources.is_file():
        raise Failure(Exit.USAGE, f"there is no file {sources}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    environment = {"TOCSIN_INGEST_SOURCES_FILE": str(sources.resolve())} if sources else {}
    with Stack(data=data.resolve(), environment=environment, tell=_tell) as stack:
        announce(stack.place, data)
        try:
            if teams is not None:
                _apply(teams)
            if json:
                output.as_json(_addresses(stack))
            else:
                _show(stack)
            while True:
                stack.watch()
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            _tell("stopping")
        finally:
            withdraw(data)


def _apply(teams: Path) -> None:
    from tocsin.cli.commands.apply import apply  # noqa: PLC0415 - one command runs another

    apply(teams)


def _addresses(stack: "Stack") -> dict[str, object]:
    place = stack.place
    return {
        "console": place.notify_url,
        "push API": f"{place.ingest_url}/v1/notices",
        "notify API": f"{place.notify_url}/v1/alerts",
        "Kafka": place.kafka,
        "PostgreSQL": stack.engines.postgres.url,
        "API key": place.api_key,
        **{f"{service} log": log for service, log in stack.logs.items()},
    }


def _show(stack: "Stack") -> None:
    output.pairs(_addresses(stack))
    output.console.print("Try in another terminal: tocsin apply -f teams.yaml, tocsin push, tocsin alerts")
    output.console.print("Ctrl-C stops everything.")


def _tell(step: str) -> None:
    output.errors.print(f"· {step}", highlight=False, markup=False)
