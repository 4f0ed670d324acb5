"""`python -m tocsin.ingest`: hears the world."""

from tocsin.chassis.main import main
from tocsin.ingest.app import SERVICE, migrate, run
from tocsin.ingest.settings import IngestSettings

if __name__ == "__main__":
    main(SERVICE, IngestSettings, run, migrate=migrate)
