"""A case: one real-world measure as far as it is known, the steps that it took, and why a notice is in it."""

from pydantic import AwareDatetime, Field

from tocsin.contracts import CaseState, Category, EntityRef, NoticeClassified, Severity, StepKind
from tocsin.contracts.message import Part
from tocsin.notify.cases.claims import RISING
from tocsin.notify.cases.copies import Original
from tocsin.notify.cases.lives import Word

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
WHOLE = "*"  # stands for the measure itself where no model, chip or vendor is named


def reference(case: str) -> str:
    """The case of this id as people say it: `C-` and six characters that cannot be misread."""
    number = int(case.rsplit("-", 1)[1], 16)
    return "C-" + "".join(ALPHABET[number >> (5 * place) & 31] for place in range(6))


class Case(Part):
    """A measure as far as it is known.

    ``states`` holds where each thing it hits stands, and ``words`` what that follows from. In whatever order
    notices arrive, they leave the same states; which of them opened the case, and so its id, may differ, and
    a step that another had overtaken before it arrived is not told.
    """

    id: str
    category: Category
    severity: Severity
    states: dict[str, CaseState]
    words: dict[str, tuple[Word, ...]] = Field(default_factory=dict)  # by thing, hit or only named
    subjects: tuple[EntityRef, ...]
    jurisdictions: tuple[str, ...] = ()
    documents: tuple[str, ...]
    not_documents: tuple[str, ...] = ()  # that a person took out: later revisions of them join no more
    addresses: tuple[str, ...] = ()  # where its notices can be read, as canonical writes them
    links: tuple[str, ...] = ()  # what its notices point to, likewise
    notices: int = 1
    copies: int = 0  # of the notices, those that only repeat another's words: they confirm nothing
    originals: tuple[Original, ...] = ()
    confirmed: bool = False  # an authority has said so itself
    steps: int = 1
    opened_at: AwareDatetime
    changed_at: AwareDatetime

    @property
    def ref(self) -> str:
        """The case as people say it."""
        return reference(self.id)

    @property
    def state(self) -> CaseState:
        """Where the measure as a whole stands: the gravest state of anything it still hits."""
        order = (*reversed(RISING), CaseState.EASED, CaseState.DENIED, CaseState.LIFTED)
        return min(self.states.values(), key=order.index)


class Step(Part):
    """What a notice changed about a case, and so what people are told."""

    number: int
    kind: StepKind
    state: CaseState
    severity: Severity
    subjects: tuple[EntityRef, ...]


class Filing(Part):
    """A case as it stands after a notice, why the notice is in it, and the step if there is news."""

    case: Case
    step: Step | None
    because: str


class Development(Part):
    """A notice, the case that it tells of as it stands now, and the step that this is."""

    fact: NoticeClassified
    case: Case
    step: Step
