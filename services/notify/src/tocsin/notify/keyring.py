"""The secrets that channels name: from the environment, or from the file that a variable beside it names."""

from collections.abc import Iterator, Mapping
from pathlib import Path

SUFFIX = "_FILE"  # PAYMENTS_SECRET_FILE names the file that holds PAYMENTS_SECRET
LONGEST = 65_536  # bytes


class Keyring(Mapping[str, str]):
    """Secrets by the name of their variable. A file is read each time: a new secret needs no restart.

    A file that is not there, is too long or is no text holds no secret.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __getitem__(self, name: str) -> str:
        if name in self._environment:
            return self._environment[name]
        return _read(Path(self._environment[f"{name}{SUFFIX}"]), name)

    def __iter__(self) -> Iterator[str]:
        named = (name.removesuffix(SUFFIX) for name in self._environment if name.endswith(SUFFIX))
        return iter(dict.fromkeys((*self._environment, *(name for name in named if name in self))))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
        secret = content.decode().strip()
    except (OSError, ValueError) as error:
        raise KeyError(name) from error
    if not secret or len(content) > LONGEST:
        raise KeyError(name)
    return secret
