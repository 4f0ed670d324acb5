"""Tells an operator of names that the catalogue may lack: counted all, logged once each."""

from tocsin.chassis import logs
from tocsin.classify import metrics
from tocsin.classify.candidates import of_evidence
from tocsin.contracts import Classification

MOST = 1000  # names that one process logs, so that a flood of them fills no log; the topic keeps them all

log = logs.get(__name__)


class Newcomers:
    """The candidates met since the process started."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def note(self, notice: str, said: Classification) -> None:
        """Count the candidates of one notice, by id, and log those that are new in one line."""
        found = [one for evidence in said.evidence if (one := of_evidence(evidence)) is not None]
        for one in found:
            metrics.CANDIDATES.labels(one.kind).inc()
        new = sorted({one.name for one in found} - self._logged)[: MOST - len(self._logged)]
        if new:
            self._logged.update(new)
            log.info("candidates", notice=notice, names=new)
