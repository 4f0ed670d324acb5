"""The HTTP side of a service: liveness, readiness, metrics, and whatever it serves beside them."""

import asyncio
import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from http import HTTPStatus

import uvicorn
from fastapi import FastAPI, Header
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tocsin.chassis import logs, problems, reference
from tocsin.chassis.headers import Guarded
from tocsin.chassis.health import Health
from tocsin.chassis.problems import Problem

BODY_SECONDS = 30.0

log = logs.get(__name__)


def create_app(service: str, health: Health) -> FastAPI:
    """An app that answers ``/live``, ``/ready`` and ``/metrics``, and describes itself; add routes to it.

    ``/docs`` shows the routes to people, without a byte from elsewhere.
    """
    app = FastAPIOffline(
        title=f"Tocsin {service}",
        version="1",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        openapi_url="/v1/openapi.json",
    )
    problems.install(app)
    app.add_middleware(Guarded)
    reference.install(app)

    async def live() -> Response:
        return _verdict("live", health.stuck())

    async def ready() -> Response:
        return _verdict("ready", health.unfit())

    async def metrics() -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    for path, endpoint in (("/live", live), ("/ready", ready), ("/metrics", metrics)):
        app.add_api_route(path, endpoint, include_in_schema=False)
    return app


def _verdict(word: str, complaints: dict[str, str]) -> Response:
    if complaints:
        return JSONResponse({"status": f"not {word}", "because": complaints}, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"status": word})


def require_key(keys: Sequence[SecretStr]) -> Callable[[str], None]:
    """A FastAPI dependency that lets a call pass only with ``Authorization: Bearer KEY`` of a known key."""
    known = [key.get_secret_value().encode() for key in keys]

    def check(authorization: str = Header(default="")) -> None:
        scheme, _, given = authorization.partition(" ")
        # Every key is compared, each in constant time: the answer's time says nothing.
        hits = [hmac.compare_digest(given.encode(), key) for key in known]
        if scheme.lower() != "bearer" or not any(hits):
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "send a known API key as 'Authorization: Bearer KEY' (TOCSIN_API_KEYS lists them)",
                headers={"WWW-Authenticate": "Bearer"},
            )

    return check


async def read_body(request: Request, cap: int, cure: str) -> bytes:
    """The body of a request, of ``cap`` bytes at most and whole within ``BODY_SECONDS``; else a ``Problem``.

    ``cure`` says what to do about a body that is too large.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > cap:
                    raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {cap} bytes: {cure}")
    except TimeoutError as error:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, f"no whole body in {BODY_SECONDS:g} s") from error
    return bytes(body)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the lifetime of the service decides."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve(app: FastAPI, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the context is open; gives the base address, with the real port when ``port`` is 0.

    On leaving, open requests get five seconds.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        server_header=False,
        proxy_headers=False,  # who calls is what the socket says: whom to trust is for a service to decide
    )
    server = _Server(config)
    with _listen(host, port) as listener:
        address = f"http://{host}:{listener.getsockname()[1]}"
        task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        try:
            log.info("serving", address=address)
            yield address
        finally:
            server.should_exit = True
            await task


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY: else an answer waits 40 ms for a delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)  # from here on a caller may connect, even if it has to wait
    except OSError as error:
        listener.close()
        raise SystemExit(f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    return listener
