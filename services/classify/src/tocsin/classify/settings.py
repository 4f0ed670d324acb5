"""What classify can be told from the environment."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin.chassis.settings import WithApiKeys


class ClassifySettings(WithApiKeys):
    """Settings of classify: ``TOCSIN_CLASSIFY_...``, beside those that all services share."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_CLASSIFY_")

    http_port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = (
        8402
    )
    max_explain_bytes: Annotated[int, Field(gt=0, description="Largest body of one question to explain.")] = (
        1_000_000
    )
