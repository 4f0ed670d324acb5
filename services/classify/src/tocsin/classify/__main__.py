"""`python -m tocsin.classify`: says what each notice says."""

from tocsin.chassis.main import main
from tocsin.classify.app import run
from tocsin.classify.handler import SERVICE
from tocsin.classify.settings import ClassifySettings

if __name__ == "__main__":
    main(SERVICE, ClassifySettings, run)
