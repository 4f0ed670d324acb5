"""Who we are to Kafka: a process has one identity there, read from the environment by every client of it."""

import ssl
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TOCSIN_"
SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def shared(name: str) -> AliasChoices:
    """The environment variable of a setting that all services read alike."""
    return AliasChoices(PREFIX + name.upper(), name)


class KafkaCredentials(BaseSettings):
    """How brokers are reached. Kafka's own names and values (its documentation, "Security")."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, frozen=True)

    kafka_security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        Field(
            validation_alias=shared("kafka_security_protocol"),
            description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listener has it.",
        ),
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
        Field(validation_alias=shared("kafka_sasl_mechanism"), description="With SASL: how to log in."),
    ] = "SCRAM-SHA-512"
    kafka_sasl_username: Annotated[
        str, Field(validation_alias=shared("kafka_sasl_username"), description="With SASL: who we are.")
    ] = ""
    kafka_sasl_password: Annotated[
        SecretStr,
        Field(validation_alias=shared("kafka_sasl_password"), description="With SASL: the password."),
    ] = SecretStr("")
    kafka_ca_file: Annotated[
        Path | None,
        Field(
            validation_alias=shared("kafka_ca_file"),
            description="With SSL: certificates (PEM) that are trusted in place of the system's.",
        ),
    ] = None
    kafka_certificate_file: Annotated[
        Path | None,
        Field(
            validation_alias=shared("kafka_certificate_file"),
            description="With SSL: our certificate and its key (PEM, one file), where brokers ask for one.",
        ),
    ] = None

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not self.kafka_sasl_username:
            raise ValueError(
                f"{self.kafka_security_protocol} needs TOCSIN_KAFKA_SASL_USERNAME and ..._PASSWORD"
            )
        return self


def security() -> BaseSecurity:
    """What a FastStream broker needs to be let in. Raises OSError when a file of ours cannot be used."""
    said = KafkaCredentials()
    encrypted = said.kafka_security_protocol.endswith("SSL")
    context = _trust(said) if encrypted else None
    if said.kafka_security_protocol.startswith("SASL"):
        kind = SASL[said.kafka_sasl_mechanism]
        password = said.kafka_sasl_password.get_secret_value()
        return kind(said.kafka_sasl_username, password, ssl_context=context, use_ssl=encrypted)
    return BaseSecurity(ssl_context=context, use_ssl=encrypted)


def options() -> dict[str, Any]:
    """The same for a client of aiokafka, as its keyword arguments."""
    return parse_security(security())


def _trust(said: KafkaCredentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=said.kafka_ca_file)
    if said.kafka_certificate_file is not None:
        context.load_cert_chain(said.kafka_certificate_file)
    return context
