"""Log: the alert as one line in notify's own log, for trying a watch out."""

from tocsin.chassis import logs
from tocsin.contracts.channels import Channel
from tocsin.notify.channels import Answer, Message, Outcome, Sendable

log = logs.get(__name__)


class LogChannel:
    """Always delivers."""

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """Write the line."""
        if not isinstance(message, Message):
            told = message.told
            facts = {"sort": told.sort.value, "count": told.count, "headline": told.headline}
            log.warning("summary", team=told.team, channel=target.name, **facts)
            return Answer(Outcome.DELIVERED, "logged")
        alert = message.alert
        log.warning(
            "alert",
            team=alert.team,
            channel=target.name,
            case=alert.case_ref,
            step=alert.step,
            severity=alert.severity.value,
            headline=alert.headline,
            because=[reason.because for reason in alert.reasons],
        )
        return Answer(Outcome.DELIVERED, "logged")
