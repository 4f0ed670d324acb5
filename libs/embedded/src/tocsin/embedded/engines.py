"""Both engines together: what `tocsin up` and the tests run on."""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tocsin.embedded.errors import DidNotStart
from tocsin.embedded.kafka import Kafka
from tocsin.embedded.postgres import Postgres


class Engines:
    """Kafka and PostgreSQL side by side: in folders under ``data``, or throw-away ones if it is None."""

    def __init__(self, data: Path | None = None) -> None:
        self.kafka = Kafka(data / "kafka" if data else None)
        self.postgres = Postgres(data / "postgres" if data else None)

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self.close)
            self.kafka.launch()
            self.postgres.launch()
            self.postgres.wait()
            self.kafka.wait()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop both; throw-away folders are removed."""
        with ExitStack() as stack:  # one that fails does not keep the other running
            stack.callback(self.kafka.close)
            stack.callback(self.postgres.close)

    def environment(self) -> dict[str, str]:
        """The settings that point Tocsin's services here."""
        return {
            "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "TOCSIN_DATABASE_URL": self.postgres.url,
        }

    def check(self) -> None:
        """Raise ``DidNotStart`` if one of them has ended by itself."""
        for engine in (self.kafka, self.postgres):
            if not engine.running:
                raise DidNotStart(f"{engine.name} has ended: see {engine.log} and start again")
