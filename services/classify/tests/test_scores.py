"""Floors under the scores on the hand-labelled items that lie beside the repository; skips without them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.classify import Knowledge
from tocsin.classify.batch import predict

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
LABELLED = SHARED / "data" / "labelled"
SCORE = SHARED / "eval" / "score.py"


@pytest.mark.skipif(not SCORE.exists(), reason="the labelled items are not here")
@pytest.mark.parametrize(
    ("items", "guide", "floors"),
    [
        ("dev", "dev", {"relevance": 0.95, "models": 0.92, "vendors": 0.97, "chips": 0.88}),
        ("story_dev", "story", {"relevance": 0.95, "paging": 0.95}),
    ],
)
def test_scores_stay_above_their_floors(
    items: str, guide: str, floors: dict[str, float], knowledge: Knowledge, tmp_path: Path
) -> None:
    gold = LABELLED / f"{items}.jsonl"
    lines = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    predicted = tmp_path / "predicted.jsonl"
    predicted.write_text("".join(json.dumps(predict(line, knowledge)) + "\n" for line in lines), "utf-8")
    told = subprocess.run(
        [sys.executable, str(SCORE), str(gold), str(predicted), "--guide", guide],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name, floor in floors.items():
        line = next(line for line in told.splitlines() if line.startswith(f"{name} "))
        assert float(line.split("F1")[1].split()[0]) >= floor, told
