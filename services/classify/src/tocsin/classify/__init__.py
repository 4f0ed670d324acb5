"""What a notice says: category, act, certainty and entities, each claim with the words that carry it."""

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.classify import classify
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.load import load_rules

__all__ = ["Knowledge", "classify", "load_catalogue", "load_rules"]
