"""What a figure was measured on, in two lines."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("faststream", "aiokafka", "asyncpg", "aiohttp", "pydantic")


def describe() -> str:
    """System, Python, processor, engines and libraries."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{platform.platform()}, Python {platform.python_version()}, {_processor()}\n"
        f"Apache Kafka 4.3.1, PostgreSQL 18, {libraries}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()
