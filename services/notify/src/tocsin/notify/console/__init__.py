"""The console: pages for people, rendered here, on the same rows as the API."""

from fastapi import FastAPI

from tocsin.notify.console import (
    alerts,
    audit,
    cases,
    catalogue,
    dead,
    deliveries,
    login,
    now,
    replay,
    search,
    shell,
    silences,
    sources,
    watches,
)
from tocsin.notify.console.desk import Desk

PAGES = (
    now,
    cases,
    alerts,
    watches,
    silences,
    deliveries,
    replay,
    sources,
    catalogue,
    dead,
    audit,
    search,
    login,
)


def install(app: FastAPI, desk: Desk) -> None:
    """Serve every page, and what pages load."""
    app.state.console = desk
    for one in PAGES:
        app.include_router(one.router(desk))
    files = shell.routes()
    files.add_api_route("/static/{name}", shell.static)
    app.include_router(files)
