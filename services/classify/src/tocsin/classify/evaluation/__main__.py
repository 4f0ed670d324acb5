"""``python -m tocsin.classify.evaluation CORPUS DOCS``: print the figures and write them below DOCS."""

import argparse
import sys
from itertools import islice
from pathlib import Path

from tocsin.classify import Knowledge, load_catalogue, load_rules
from tocsin.classify.evaluation.corpus import Malformed, load_corpus
from tocsin.classify.evaluation.page import made, replaced, wrong
from tocsin.classify.evaluation.picture import as_svg
from tocsin.classify.evaluation.results import TOPICS, confusion, run


def main() -> int:
    """Evaluate; 1 when the corpus is malformed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("corpus", type=Path, help="folder of the labelled items")
    asked.add_argument("docs", type=Path, help="folder of evaluation.md and eval/confusion.svg")
    asked.add_argument("--wrong", type=int, default=0, metavar="N", help="show N wrong items, none set aside")
    told = asked.parse_args()
    try:
        items = load_corpus(told.corpus)
    except Malformed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    catalogue = load_catalogue()
    marked = run(items, Knowledge.of(catalogue, load_rules()), catalogue)
    tables = made(marked)
    page, picture = told.docs / "evaluation.md", told.docs / "eval" / "confusion.svg"
    page.write_text(replaced(page.read_text("utf-8"), tables), "utf-8")
    picture.parent.mkdir(exist_ok=True)
    picture.write_text(as_svg(confusion(marked), TOPICS), "utf-8")
    sys.stdout.write("\n".join([tables, "", *islice(wrong(marked), told.wrong)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
