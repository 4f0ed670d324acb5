"""What classify can be told from the environment."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin.chassis.settings import ServiceSettings


class ClassifySettings(ServiceSettings):
    """Settings of classify: ``TOCSIN_CLASSIFY_...``, beside those that all services share."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_CLASSIFY_")

    http_port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = (
        8402
    )
