"""What classify counts, declared here and created at zero."""

from prometheus_client import Counter, Gauge

from tocsin.chassis.metrics import PUBLISHED, STAGE
from tocsin.contracts import NOTICES_CLASSIFIED, Category, Kind

CLASSIFIED = Counter("tocsin_classify_notices", "Notices classified.", ["category"])
UNKNOWN = Counter(
    "tocsin_classify_unknown_wordings",
    "Notices whose lead has scope words in which no rule finds an act: see `tocsin rules unknown`.",
)
ENTITIES = Gauge("tocsin_classify_catalogue_entities", "Entities of the catalogue in use.")
CANDIDATES = Counter("tocsin_classify_candidates", "Names that the catalogue may lack.", ["kind"])

for _category in Category:
    CLASSIFIED.labels(_category)
for _kind in (Kind.MODEL, Kind.CHIP):
    CANDIDATES.labels(_kind)
STAGE.labels("classify")
PUBLISHED.labels(NOTICES_CLASSIFIED.name)
