"""`python -m tocsin.notify`: cases, alerts and deliveries."""

from tocsin.chassis.main import main
from tocsin.notify.app import SERVICE, migrate, run
from tocsin.notify.settings import NotifySettings

if __name__ == "__main__":
    main(SERVICE, NotifySettings, run, migrate=migrate)
