"""teams.yaml and what it includes: read, checked, and every mistake told with its file, line and cure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.additions import Flaw, Unfit, entries
from tocsin.cli.cures import cures
from tocsin.cli.includes import with_included
from tocsin.cli.silences import by_ids, flaws, misplaced, over
from tocsin.cli.yamlfile import Mistake, Mistaken, Place, YamlFile
from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Subscriptions, Team, unique_ids
from tocsin.contracts.teamsfile import Addition, Silence
from tocsin.contracts.teamsfile import TeamsFile as Declared
from tocsin.notify.routing.conditions import check
from tocsin.notify.routing.names import Names

SORTS = ("teams", "catalogue", "silences")  # of what files list


class TeamsFile:
    """The teams of a file, or of a folder's teams.yaml; it still knows the line of everything in them."""

    def __init__(self, path: Path) -> None:
        self.files = with_included(path)
        self.additions: list[Addition] = []  # to the catalogue, once the teams have been read
        self.silences: list[Silence] = []  # likewise
        self._homes: dict[str, list[tuple[YamlFile, int]]] = {}  # of each of these and each team, in order

    def subscriptions(self) -> Subscriptions:
        """What the files declare; raises ``Mistaken`` with all mistakes."""
        teams: list[Team] = []
        found: list[Mistake] = []
        self.additions, self.silences = [], []
        self._homes = {sort: [] for sort in SORTS}
        for file in self.files:
            wrong = list(file.flaws())
            try:
                declared = Declared.model_validate(file.value)
            except ValidationError as error:
                wrong += [file.mistake(at, says) for at, says in cures([dict(one) for one in error.errors()])]
            else:
                teams += declared.teams
                self.additions += declared.catalogue
                self.silences += declared.silences
                for sort, homes in self._homes.items():
                    homes += [(file, place) for place in range(len(getattr(declared, sort)))]
            found += sorted(wrong, key=lambda one: (one.line, one.column))
        if not found:
            lost = self._of_silences(misplaced(self.silences, teams))
            found = [*self._shared(teams), *lost.mistakes]
        if found:
            raise Mistaken(found)
        return Subscriptions(teams=tuple(teams))

    def entities(self, known: Mapping[str, Entity]) -> list[Entity]:
        """The entries that the additions make; raises ``Mistaken`` with all that cannot join."""
        try:
            return entries(self.additions, known, {entity.id for entity in load_catalogue()})
        except Unfit as unfit:
            wrong = [self._mistake(("catalogue", *at), says) for at, says in unfit.flaws]
            raise Mistaken(wrong) from unfit

    def silenced(self, names: Names, cases: Mapping[str, str], now: datetime) -> list[Silence]:
        """The silences that are not over, by ids; raises ``Mistaken`` with what is wrong with them.

        ``cases`` has the references of cases by what the files call them.
        """
        if wrong := list(flaws(self.silences, names, cases, now)):
            raise self._of_silences(wrong)
        return by_ids(self.silences, names, cases, now)

    def check_silences(self, names: Names, cases: Mapping[str, str], now: datetime) -> None:
        """Raise ``Mistaken`` with what is wrong with the silences, and with those that are over."""
        if wrong := [*flaws(self.silences, names, cases, now), *over(self.silences, now)]:
            raise self._of_silences(sorted(wrong, key=lambda one: one[0][0]))

    def unknown(self, declared: Subscriptions, names: Names) -> Mistaken | None:
        """What the watches name and a catalogue has not; None when it has all."""
        found = [
            (("teams", place, "watches", number, *at), says)
            for place, team in enumerate(declared.teams)
            for number, watch in enumerate(team.watches)
            for at, says in check(watch, names)
        ]
        return self.mistakes(found) if found else None

    def mistakes(self, found: Iterable[tuple[Place, str]]) -> Mistaken:
        """A failure that tells each mistake at its line; places are those of all teams together."""
        return Mistaken([self._mistake(place, says) for place, says in found])

    def _of_silences(self, found: Iterable[Flaw]) -> Mistaken:
        return self.mistakes((("silences", *at), says) for at, says in found)

    def _mistake(self, place: Place, says: str) -> Mistake:
        name = next((f"{part}: " for part in reversed(place) if isinstance(part, str)), "")
        match list(place):
            case [str(sort), int(number), *rest] if number < len(self._homes.get(sort, ())):
                file, own = self._homes[sort][number]
                return file.mistake((sort, own, *rest), name + says)
        return self.files[0].mistake(place, name + says)

    def _shared(self, teams: list[Team]) -> list[Mistake]:
        """An id that two files give; within a file the schema has said so."""
        try:
            unique_ids(teams)
        except ValueError as error:
            seen: dict[str, int] = {}
            again = next(n for n, team in enumerate(teams) if seen.setdefault(team.id, n) != n)
            return [self._mistake(("teams", again, "id"), str(error))]
        return []
