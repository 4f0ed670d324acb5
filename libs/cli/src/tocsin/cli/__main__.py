"""`tocsin`: one command for platform teams, on-call engineers and those who run it."""

import sys

import typer

from tocsin.cli import output
from tocsin.cli.commands.ack import ack
from tocsin.cli.commands.alert import alert
from tocsin.cli.commands.apply import apply
from tocsin.cli.commands.audit import audit
from tocsin.cli.commands.cases import cases
from tocsin.cli.commands.catalogue import catalogue
from tocsin.cli.commands.changes import changes
from tocsin.cli.commands.channels import channels
from tocsin.cli.commands.classify import classify, explain
from tocsin.cli.commands.dead import dead
from tocsin.cli.commands.deliveries import deliveries
from tocsin.cli.commands.demo import demo
from tocsin.cli.commands.doctor import doctor
from tocsin.cli.commands.export import export
from tocsin.cli.commands.history import history
from tocsin.cli.commands.keys import keys
from tocsin.cli.commands.notthis import not_this
from tocsin.cli.commands.plan import plan
from tocsin.cli.commands.push import push
from tocsin.cli.commands.reading import alerts
from tocsin.cli.commands.replay import replay
from tocsin.cli.commands.rules import rules
from tocsin.cli.commands.silences import silence, silences
from tocsin.cli.commands.snapshot import snapshot
from tocsin.cli.commands.sources import sources
from tocsin.cli.commands.topics import topics
from tocsin.cli.commands.up import up
from tocsin.cli.commands.validate import validate
from tocsin.cli.commands.watches import watches
from tocsin.cli.commands.why import why, why_not
from tocsin.cli.failure import Exit, Failure
from tocsin.embedded import EngineError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

EPILOG = (
    "Exit status: 0 done, 1 tried and failed, 2 a mistake in the call or a file, 3 no answer. "
    "Addresses come from TOCSIN_INGEST_URL, TOCSIN_NOTIFY_URL, TOCSIN_KAFKA_BOOTSTRAP_SERVERS and "
    "TOCSIN_API_KEY, or from the stack that `tocsin up` runs here."
)

app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tells the teams that depend on an AI model when a regulator, or its vendor, touches it.",
    epilog=EPILOG,
)
for command in (
    demo,
    up,
    validate,
    plan,
    apply,
    export,
    history,
    push,
    alerts,
    alert,
    ack,
    why,
    why_not,
    not_this,
    silence,
    silences,
    audit,
    changes,
    classify,
    explain,
    replay,
    doctor,
):
    app.command()(command)
app.add_typer(cases, name="cases")
app.add_typer(deliveries, name="deliveries")
app.add_typer(dead, name="dead")
app.add_typer(keys, name="keys")
app.add_typer(sources, name="sources")
app.add_typer(snapshot, name="snapshot")
app.add_typer(topics, name="topics")
app.add_typer(channels, name="channels")
app.add_typer(watches, name="watches")
app.add_typer(watches, name="watch", hidden=True)  # what people type who try one
app.add_typer(catalogue, name="catalogue")
app.add_typer(rules, name="rules")


def main() -> None:
    """Run the command; every expected failure is told in words, with its exit status."""
    try:
        app()
    except Failure as failure:
        _tell(*failure.lines)
        sys.exit(failure.status)
    except EngineError as error:
        _tell(str(error))
        sys.exit(Exit.FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _tell(*lines: str) -> None:
    for line in lines:
        output.errors.print(output.plain(line), soft_wrap=True)


if __name__ == "__main__":
    main()
