"""`tocsin doctor`: what works here, what does not, and what to do about it."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.embedded import EngineError, jars, java

OLDEST = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``cure`` is empty when it is well."""

    what: str
    state: str
    cure: str = ""


def doctor(json: Json = False) -> None:
    """Check this machine and the services it can see; exit status 1 when something is wrong.

    Example:
        tocsin doctor
    """
    findings = list(_examine())
    if json:
        output.as_json([finding.__dict__ for finding in findings])
    else:
        rows = ((f.what, "ill" if f.cure else "well", f.state, f.cure) for f in findings)
        output.table(("what", "", "state", "what to do"), rows, empty="")
    if any(finding.cure for finding in findings):
        raise Failure(Exit.FAILED, "not all is well")


def _examine() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", version, "" if sys.version_info >= OLDEST else "install Python 3.11 or newer")
    yield _try("Java", lambda: f"Java {java.find().major} at {java.find().path}")
    yield _try("Kafka's jars", _jars)
    for service, field in (("ingest", "ingest_url"), ("notify", "notify_url")):
        yield _service(service, field)


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except EngineError as error:
        return Finding(what, "missing", str(error))


def _jars() -> str:
    jars.verify(jars.folder())
    return f"{jars.VERSION} in {jars.folder()}"


def _service(service: str, field: str) -> Finding:
    try:
        url = setting(field)
        with urllib.request.urlopen(f"{url}/ready", timeout=5):  # noqa: S310 - an address the user set
            return Finding(service, f"ready at {url}")
    except Failure as error:
        return Finding(service, *error.lines)
    except urllib.error.HTTPError as error:
        with error:
            return Finding(service, "not ready", error.read().decode(errors="replace"))
    except OSError as error:
        return Finding(service, f"{url} does not answer: {error}", "start it: tocsin up")
