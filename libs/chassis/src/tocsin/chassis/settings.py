"""Settings from the environment: every one described, secrets masked when shown."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings

from tocsin.chassis.credentials import KafkaCredentials, shared


class ServiceSettings(KafkaCredentials):
    """What every service needs. A service adds its own under its own prefix, ``TOCSIN_INGEST_`` say."""

    kafka_bootstrap_servers: Annotated[
        str,
        Field(
            validation_alias=shared("kafka_bootstrap_servers"),
            description="Kafka brokers, HOST:PORT, by comma.",
        ),
    ] = "127.0.0.1:9092"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(validation_alias=shared("log_level"), description="Least level that is logged."),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Field(
            validation_alias=shared("log_format"), description="auto: console on a terminal, else JSON lines."
        ),
    ] = "auto"
    stop_deadline_seconds: Annotated[
        float,
        Field(
            gt=0,
            validation_alias=shared("stop_deadline_seconds"),
            description="Time from SIGTERM to exit; what is not done by then is redelivered.",
        ),
    ] = 15.0
    instance: Annotated[
        str | None,
        Field(
            pattern=r"^[a-zA-Z0-9._-]{1,100}$",
            validation_alias=shared("instance"),
            description="Stable name of this replica, as of a StatefulSet: its restart moves no partition, "
            "but its end leaves them idle for six seconds. Never give two replicas one name.",
        ),
    ] = None
    otlp_endpoint: Annotated[
        str | None,
        Field(
            validation_alias=shared("otlp_endpoint"),
            description="Where traces go, by OTLP over HTTP: http://HOST:4318/v1/traces. Empty: nowhere.",
        ),
    ] = None
    http_host: Annotated[
        str,
        Field(validation_alias=shared("http_host"), description="Address to listen on for HTTP."),
    ] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 0


class WithDatabase(ServiceSettings):
    """A service that keeps rows."""

    database_url: Annotated[
        SecretStr,
        Field(
            validation_alias=shared("database_url"),
            description="PostgreSQL: postgresql://USER@HOST:PORT/NAME.",
        ),
    ] = SecretStr("postgresql://tocsin@127.0.0.1:5432/tocsin")


class WithApiKeys(ServiceSettings):
    """A service that others call over HTTP."""

    api_keys: Annotated[
        tuple[SecretStr, ...],
        Field(
            validation_alias=shared("api_keys"),
            description='Keys that callers may present, as JSON: ["..."]. Empty: every call is refused.',
        ),
    ] = ()


def variable(settings: type[BaseSettings], field: str) -> str:
    """Name of the environment variable that sets this field."""
    alias = settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return (settings.model_config.get("env_prefix", "") + field).upper()


def render(settings: BaseSettings) -> str:
    """The effective settings as ``NAME=value`` lines under their descriptions; secrets as asterisks."""
    kind = type(settings)
    lines: list[str] = []
    for name, field in kind.model_fields.items():
        lines += [f"# {field.description}", f"{variable(kind, name)}={getattr(settings, name)}"]
    return "\n".join(lines)
