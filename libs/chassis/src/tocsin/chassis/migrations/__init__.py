"""Bringing a service's tables up to date: an explicit step, under a lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config

ENVIRONMENT = Path(__file__).parent


def migrate(url: str, schema: str, versions: Path) -> None:
    """Run the migrations in ``versions`` that this database has not seen, inside ``schema``.

    Safe to run from several places at once: an advisory lock lets one through, the others find nothing
    left to do. Each service has a schema of its own, and its own version table in it.
    """
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    config.attributes["url"] = url
    config.attributes["schema"] = schema
    command.upgrade(config, "head")
