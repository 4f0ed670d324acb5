"""What a person declares in a file: the names that may stand there, and what is refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,253}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\x00-\x1f]{1,2000}$")]

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,126}$")]


class Declared(BaseModel):
    """A person wrote this: an unknown field is a typing error and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
