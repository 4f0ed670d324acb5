"""What classify counts, declared here and created at zero."""

from prometheus_client import Counter, Gauge

from tocsin.chassis.metrics import PUBLISHED, STAGE
from tocsin.contracts import NOTICES_CLASSIFIED, Category

CLASSIFIED = Counter("tocsin_classify_notices", "Notices classified.", ["category"])
ENTITIES = Gauge("tocsin_classify_catalogue_entities", "Entities of the catalogue in use.")

for _category in Category:
    CLASSIFIED.labels(_category)
STAGE.labels("classify")
PUBLISHED.labels(NOTICES_CLASSIFIED.name)
