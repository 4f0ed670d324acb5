"""What can go wrong with a local engine; every message ends with the cure."""


class EngineError(Exception):
    """A local engine cannot do what was asked. Trying again is vain until the cure has been applied."""


class JavaMissing(EngineError):
    """There is no Java 17 or newer on this machine."""


class FetchFailed(EngineError):
    """Kafka's jars could be had neither by Maven nor by jgo. May heal by itself when the network was down."""


class JarsAltered(EngineError):
    """The jars in the cache are not the ones this package pins."""


class FolderInUse(EngineError):
    """Another process runs an engine on the same data. Heals when it ends."""


class FolderUnusable(EngineError):
    """A folder the engines need cannot be written, or others could tamper with it."""


class NoPort(EngineError):
    """Every port that was tried is taken."""


class DidNotStart(EngineError):
    """An engine ended, or did not answer in time, before it was ready; the message quotes its log."""


class WrongThread(EngineError):
    """An engine was started outside the main thread."""


class Refused(EngineError):
    """PostgreSQL answered with an error; ``code`` is its SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"PostgreSQL refused: {message} (SQLSTATE {code})")
        self.code = code
