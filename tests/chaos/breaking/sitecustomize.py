"""Python imports this at the start of every process that has this folder on its PYTHONPATH."""

import os

from tests.chaos.breakages import VARIABLE, apply

if VARIABLE in os.environ:
    apply(os.environ[VARIABLE])
