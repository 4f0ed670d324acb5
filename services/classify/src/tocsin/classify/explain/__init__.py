"""Why a text is classified as it is: one pure value, shown on a terminal, as JSON and as a page."""

from tocsin.classify.explain.explain import explain
from tocsin.classify.explain.explanation import Explanation

__all__ = ["Explanation", "explain"]
