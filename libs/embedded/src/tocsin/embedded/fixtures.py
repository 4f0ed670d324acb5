"""pytest fixtures: one pair of throw-away engines a test run, a fresh database a test.

Loaded as a plug-in (``-p tocsin.embedded.fixtures``), so that every test folder shares the same pair.
"""

import uuid
from collections.abc import Iterator

import pytest

from tocsin.embedded import Engines


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka and PostgreSQL for the whole run. Topics on it are shared: give yours names of their own."""
    with Engines() as running:
        yield running


@pytest.fixture
def database(engines: Engines) -> str:
    """The address of an empty database."""
    return engines.postgres.create_database(f"test_{uuid.uuid4().hex}")
