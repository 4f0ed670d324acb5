"""What ingest can be told from outside."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin.chassis.settings import WithApiKeys, WithDatabase


class IngestSettings(WithDatabase, WithApiKeys):
    """Settings of ingest; its own carry the prefix ``TOCSIN_INGEST_``."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_INGEST_")

    http_port: Annotated[
        int, Field(ge=0, le=65535, description="Port to listen on for pushes; 0 takes a free one.")
    ] = 8401
    sources_file: Annotated[
        Path, Field(description="YAML file that declares the sources; the default is the catalogue shipped.")
    ] = Path(__file__).parent / "sources.yaml"
    snapshots: Annotated[
        str,
        Field(
            description="Where the bytes that notices were read from are kept by their SHA-256: a folder, or "
            "s3://BUCKET/PREFIX (gs://, az://) with its credentials in AWS_ACCESS_KEY_ID and so on."
        ),
    ] = ".tocsin/snapshots"
    snapshot_days: Annotated[
        float,
        Field(gt=0, description="Days that snapshots are kept; what a younger notice names stays, too."),
    ] = 400.0
    user_agent: Annotated[
        str,
        Field(
            pattern=r"^[ -~]{1,200}$",
            description="How we introduce ourselves; put a contact address in, some sources insist on one.",
        ),
    ] = "Tocsin/0.1 (no contact set)"
    max_bytes: Annotated[
        int, Field(gt=0, description="Largest document that is read, after decompression.")
    ] = 10_000_000
    max_seconds: Annotated[
        float, Field(gt=0, description="Longest that a fetch may take, redirects and body included.")
    ] = 30.0
    max_redirects: Annotated[int, Field(ge=0, description="Most redirects that are followed.")] = 5
    allow_private_addresses: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(description='Private networks that sources may lead to, as JSON: ["10.0.0.0/8"].'),
    ] = ()
    concurrency: Annotated[int, Field(gt=0, description="Most sources polled at the same time.")] = 8
    max_push_bytes: Annotated[int, Field(gt=0, description="Largest body of one push.")] = 10_000_000
