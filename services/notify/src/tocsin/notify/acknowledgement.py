"""Acknowledgement: somebody of a team has taken an alert on; it covers the earlier steps of its case."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class How(StrEnum):
    """The way by which it came."""

    LINK = "link"  # the signed page
    API = "api"  # and what stands on it: the command, the console


class Acknowledgement(BaseModel):
    """Who has taken an alert on. ``alert`` and ``step`` are what was acknowledged: it, or a later one."""

    alert: str
    step: int
    author: str
    how: How
    at: datetime
