"""The smallest service on the chassis: what the tests run as a process."""

import asyncio
import os
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin.chassis import producer
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, require_key, serve
from tocsin.chassis.lifetime import Lifetime
from tocsin.chassis.main import main
from tocsin.chassis.settings import WithApiKeys


class BellSettings(WithApiKeys):
    """Settings of the bell."""

    model_config = SettingsConfigDict(env_prefix="BELL_")

    strokes: Annotated[int, Field(description="How often to ring.")] = 1


async def crack() -> None:
    raise RuntimeError("cracked")


async def run(settings: BellSettings) -> None:
    """Serve, and wait for Kafka if one is named."""
    health = Health()
    health.pulse("bell", limit=60)
    health.require("bell", lambda: "not hung yet")
    app = create_app("bell", health)
    routes = APIRouter(
        prefix="/v1", dependencies=[Depends(require_key(settings.api_keys))] if settings.api_keys else []
    )

    @routes.get("/bell")
    async def bell(strokes: int = 1) -> int:
        return strokes

    app.include_router(routes)
    async with Lifetime(settings.stop_deadline_seconds) as life:
        if "BELL_HANGS" in os.environ:
            life._stack.push_async_callback(asyncio.sleep, 3600)
        await life.enter(serve(app, settings.http_host, settings.http_port))
        if "BELL_CRACKS" in os.environ:
            life.spawn("crack", crack())
        if "TOCSIN_KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            await life.enter(producer.connect(settings.kafka_bootstrap_servers, life.fail))
        health.started = True
        await life.until_stopped()


if __name__ == "__main__":
    main("bell", BellSettings, run)
