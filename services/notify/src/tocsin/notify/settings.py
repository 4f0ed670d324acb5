"""What notify can be told from the environment."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tocsin.chassis.settings import WithApiKeys, WithDatabase


class NotifySettings(WithDatabase, WithApiKeys):
    """Settings of notify: ``TOCSIN_NOTIFY_...``, beside those that all services share."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_NOTIFY_")

    http_port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = (
        8403
    )
    public_url: Annotated[
        str | None,
        Field(description="Address under which people reach this service; alerts link to cases there."),
    ] = None
    smtp_url: Annotated[
        SecretStr | None,
        Field(description="Mail server: smtp://, smtp+starttls:// or smtps://[USER:PASSWORD@]HOST:PORT."),
    ] = None
    mail_from: Annotated[str, Field(description="Sender address of mails.")] = "tocsin@localhost"
    allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(description='Private networks that webhooks may reach, as JSON: ["10.1.0.0/16"].'),
    ] = ()
    send_seconds: Annotated[
        float, Field(gt=0, le=30, description="Longest time one delivery attempt may take.")
    ] = 15.0
    canary_url: Annotated[
        str | None,
        Field(description="Address of ingest: a canary is pushed there every minute. Without it, none is."),
    ] = None
    canary_key: Annotated[SecretStr, Field(description="API key of ingest, for the canary.")] = SecretStr("")
    canary_seconds: Annotated[float, Field(ge=1, description="Time from one canary to the next.")] = 60.0
