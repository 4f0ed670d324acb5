"""`python -m tocsin.embedded`: fetch what the engines need, or run them."""

import argparse
import contextlib
import logging
import signal
import sys
import time
from pathlib import Path

from tocsin.embedded import jars, java
from tocsin.embedded.engines import Engines
from tocsin.embedded.errors import EngineError


def install() -> None:
    """Find Java, fetch and check Kafka's jars; quick when all is there."""
    runtime = java.find()
    _say(f"Java {runtime.major} at {runtime.path}")
    _say(f"Kafka {jars.VERSION} in {jars.install()}")


def up(data: Path) -> None:
    """Run both engines until SIGTERM or Ctrl-C; their data stays. ``EngineError`` if one ends by itself."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt), Engines(data) as engines:
        for name, value in engines.environment().items():
            _say(f"{name}={value}")
        while True:
            engines.check()
            time.sleep(0.5)


def main() -> None:
    """Exit code 0 when done, 1 when it cannot be done (the message says the cure), 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="fetch and check what the engines need")
    commands.add_parser("java", help="print the Java that would be used; exit code 1 if there is none")
    serve = commands.add_parser("up", help="run Kafka and PostgreSQL until SIGTERM or Ctrl-C")
    serve.add_argument(
        "--data", type=Path, default=Path(".tocsin"), help="their folder (default: %(default)s)"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if arguments.command == "install":
            install()
        elif arguments.command == "java":
            _say(str(java.find().path))
        else:
            up(arguments.data)
    except EngineError as error:
        sys.exit(str(error))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
