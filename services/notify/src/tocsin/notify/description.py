"""The description of notify's API (OpenAPI 3.1), written without a database.

``python -m tocsin.notify.description FILE`` writes it; a test keeps it up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app
from tocsin.notify import api
from tocsin.notify.api import channels, feeds
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.sweep import Sweep


def describe() -> dict[str, Any]:
    """What ``/v1/openapi.json`` answers."""
    no_pool = None  # no route is called: none asks for rows
    directory = Directory(no_pool)
    door = Door(no_pool, [])
    app = create_app("notify", Health())
    handler = Handler(no_pool, directory, lambda _: None)
    app.include_router(api.router(Sweep(handler), door, lambda _: True, Bell()))
    app.include_router(channels.router(no_pool, directory, {}, 1.0, door))
    app.include_router(feeds.router(no_pool, directory, [], door))
    return app.openapi()


if __name__ == "__main__":
    text = json.dumps(describe(), indent=2, ensure_ascii=False, sort_keys=True)
    Path(sys.argv[1]).write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{sys.argv[1]}\n")
