"""The engines, local: Kafka and PostgreSQL from packages, started in a folder."""

from tocsin.embedded.engines import Engines
from tocsin.embedded.errors import EngineError
from tocsin.embedded.kafka import Kafka
from tocsin.embedded.postgres import Postgres

__all__ = ["EngineError", "Engines", "Kafka", "Postgres"]
