"""How well classify does on a labelled corpus: ``python -m tocsin.classify.evaluation CORPUS DOCS``."""

from tocsin.classify.evaluation.corpus import Item, Malformed, load_corpus
from tocsin.classify.evaluation.marking import MEASURES, Marked, mark
from tocsin.classify.evaluation.tally import Tally, interval

__all__ = ["MEASURES", "Item", "Malformed", "Marked", "Tally", "interval", "load_corpus", "mark"]
