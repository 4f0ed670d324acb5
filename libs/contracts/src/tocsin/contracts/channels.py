"""Where a team wants to hear it: the kinds of channel, and what each needs to know."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from tocsin.contracts.declared import Address, Declared, Slug, Url, Variable


class Digest(StrEnum):
    """How often a channel is told: of each alert at once, or of all of a period together."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


ALARMS = frozenset({"pagerduty", "alertmanager"})  # kinds that hold alarms until they end, and no letters


class Addressed(Declared):
    """What all channels share: a name, and how fast they are told."""

    kind: str
    name: Slug
    digest: Digest = Digest.IMMEDIATE
    most_an_hour: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=60, description="Alerts that are told singly; what is over that goes in one summary."
    )

    @model_validator(mode="after")
    def _alarms_do_not_wait(self) -> Self:
        if self.digest is not Digest.IMMEDIATE and self.kind in ALARMS:
            raise ValueError(f"{self.kind} holds alarms and no letters: it has no digest, leave `digest` out")
        return self


class Webhook(Addressed):
    """A signed POST to an address of the team (Standard Webhooks)."""

    kind: Literal["webhook"]
    url: Url
    secret_env: Variable = Field(
        description="Environment variable of notify that holds the `whsec_...` secret."
    )
    old_secret_env: Variable | None = Field(
        default=None,
        description="The secret before this one: while it is set, messages carry both signatures.",
    )


class Slack(Addressed):
    """A message in a Slack channel: by an incoming webhook, or by a bot, which keeps a thread a case.

    A webhook needs ``url_env`` alone: its address is itself the secret. A bot needs ``token_env`` and
    ``channel``.
    """

    kind: Literal["slack"]
    url_env: Variable | None = Field(
        default=None, description="Environment variable of notify that holds the webhook address."
    )
    token_env: Variable | None = Field(
        default=None, description="Environment variable of notify that holds the bot's token, `xoxb-...`."
    )
    channel: Annotated[str, StringConstraints(pattern=r"^[CGD][A-Z0-9]{1,40}$")] | None = Field(
        default=None, description="Id of the Slack channel that the bot is in: `C...`, not its #name."
    )
    url: Url = Field(
        default="https://slack.com/api/chat.postMessage",
        description="Where the bot posts: for GovSlack https://slack-gov.com/api/chat.postMessage.",
    )

    @model_validator(mode="after")
    def _is_a_webhook_or_a_bot(self) -> Self:
        bot = self.token_env is not None and self.channel is not None
        half = (self.token_env is None) != (self.channel is None)
        if half or bot == (self.url_env is not None):
            raise ValueError("slack needs `url_env` for a webhook, or `token_env` and `channel` for a bot")
        return self


class Email(Addressed):
    """A mail to one or more addresses, threaded by case."""

    kind: Literal["email"]
    to: Annotated[tuple[Address, ...], Field(min_length=1)]


class PagerDuty(Addressed):
    """An incident in PagerDuty (Events API v2): one a case and team, resolved when the measure is over."""

    kind: Literal["pagerduty"]
    routing_key_env: Variable = Field(
        description="Environment variable of notify that holds the integration key of the service."
    )
    url: Url = "https://events.pagerduty.com/v2/enqueue"


class Alertmanager(Addressed):
    """An alert in Alertmanager (API v2): one a case and team, ended when the measure is over."""

    kind: Literal["alertmanager"]
    url: Url = Field(description="Where Alertmanager is, without `/api/v2/alerts`.")


class Teams(Addressed):
    """A card in Microsoft Teams, by the webhook trigger of a workflow; the address itself is the secret."""

    kind: Literal["teams"]
    url_env: Variable = Field(description="Environment variable of notify that holds the workflow's address.")


class Matrix(Addressed):
    """A message in a Matrix room, as a user who has joined it."""

    kind: Literal["matrix"]
    url: Url = Field(description="The homeserver, without `/_matrix`.")
    room: Annotated[str, StringConstraints(pattern=r"^![^\s\x00-\x1f\x7f]{1,254}$")] = Field(
        description="Id of the room: `!...`, not its `#alias`."
    )
    token_env: Variable = Field(description="Environment variable of notify that holds the access token.")


class Log(Addressed):
    """A line in notify's own log: for trying a watch out."""

    kind: Literal["log"]


Channel = Annotated[
    Webhook | Slack | Email | PagerDuty | Alertmanager | Teams | Matrix | Log, Field(discriminator="kind")
]


def variables(channel: Channel) -> dict[str, str]:
    """The environment variables of notify that a channel names, by field."""
    return {field: value for field, value in channel if field.endswith("_env") and value is not None}
