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
    mail_unsubscribe: Annotated[
        str | None,
        Field(
            pattern=r"^mailto:[^\s<>,]{3,500}$",
            description="Whom readers of mails can ask to hear no more: mailto:..., as List-Unsubscribe.",
        ),
    ] = None
    allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(description='Private networks that webhooks may reach, as JSON: ["10.1.0.0/16"].'),
    ] = ()
    link_keys: Annotated[
        tuple[Annotated[SecretStr, Field(min_length=16)], ...],
        Field(
            description="Secrets that sign the links by which people acknowledge alerts and unsubscribe from "
            "mail, newest first, as JSON; links of any of them are taken. Empty, or without a public "
            "address: no message bears one."
        ),
    ] = ()
    send_seconds: Annotated[
        float, Field(gt=0, le=30, description="Longest time one delivery attempt may take.")
    ] = 15.0
    calls_per_minute: Annotated[
        float, Field(ge=1, description="Most calls of the API with one key, in the long run.")
    ] = 1200.0
    ingest_url: Annotated[
        str | None,
        Field(
            description="Address of ingest, for the console's page of sources. Without it, none are shown."
        ),
    ] = None
    ingest_key: Annotated[SecretStr, Field(description="API key of ingest, for the same.")] = SecretStr("")
    proxy_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(
            description="Networks of reverse proxies that sign the console's visitors in, as JSON. "
            "Empty: none do; people sign in with an API key."
        ),
    ] = ()
    proxy_user_header: Annotated[
        str,
        Field(description="Header in which such a proxy names who it has signed in; it must drop others'."),
    ] = "X-Forwarded-User"
    proxy_team_header: Annotated[
        str, Field(description="Header in which it names that person's team; without it they only read.")
    ] = "X-Tocsin-Team"
    proxy_admins: Annotated[
        tuple[str, ...], Field(description="Of those whom it names, who may change everything, as JSON.")
    ] = ()
    canary_url: Annotated[
        str | None,
        Field(description="Address of ingest: a canary is pushed there every minute. Without it, none is."),
    ] = None
    canary_key: Annotated[SecretStr, Field(description="API key of ingest, for the canary.")] = SecretStr("")
    canary_seconds: Annotated[float, Field(ge=1, description="Time from one canary to the next.")] = 60.0
