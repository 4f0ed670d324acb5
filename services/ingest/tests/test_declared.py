"""sources.yaml: the catalogue that is shipped holds, and errors name file, line and cure."""

from pathlib import Path

import pytest

from tocsin.contracts import Tier
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.settings import IngestSettings
from tocsin.ingest.source import Kind

GOOD = "{id: a, name: A, tier: press, kind: feed, url: 'https://a.example/'}"

BOX = "{id: a, name: A, tier: official, kind: mailbox, mailbox: {host: h, user: u, password_env: P}}"


def complaint(path: Path) -> str:
    with pytest.raises(SourcesInvalid) as invalid:
        load_sources(path)
    return str(invalid.value)


def test_the_catalogue_that_is_shipped_holds() -> None:
    sources = load_sources(IngestSettings().sources_file)
    assert len(sources) > 35
    assert {source.tier for source in sources} == set(Tier)
    assert any(source.kind is Kind.STATUSPAGE for source in sources)
    assert all(source.checked for source in sources if source.kind.is_polled)
    assert all(source.url is None or source.url.startswith("https://") for source in sources)
    assert all(source.tier is not Tier.OFFICIAL for source in sources if source.kind is Kind.PUSH)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("sources:\n  - {id: a, name: A, tier: press, kind: feed}", 2, "needs 'url'"),
        ("sources:\n  - id: a\n    name: A\n    tier: presss\n    kind: push", 4, "sources.0.tier"),
        ("sources:\n  - id: A!\n    name: A\n    tier: press\n    kind: push", 2, "small letters"),
        ("sources:\n  - id: a\n    nam: A\n    tier: press\n    kind: push", 3, "mend its spelling"),
        ("sources:\n  - id: a\n    tier: press\n    kind: push", 2, "sources.0.name: Field required; add it"),
        ("sources:\n  - {id: a, name: A, tier: press, kind: feed, url: 'ftp://x'}", 2, "no http or https"),
        ("sources:\n  - {id: a, name: A, tier: press, kind: push, url: 'https://x'}", 2, "takes no 'url'"),
        ("sources:\n  - {id: a, name: A, tier: press, kind: file}", 2, "needs 'path'"),
        (f"sources:\n  - {GOOD[:-1]}, select: 'div['}}", 2, "is no CSS selector"),
        (f"sources:\n  - {GOOD[:-1]}, select: p}}", 2, "kind feed takes no 'select'"),
        (f"sources:\n  - {GOOD[:-1]}, under: /news/}}", 2, "kind feed takes no 'under'"),
        ("sources:\n  - {id: a, name: A, tier: press, kind: sitemap, url: 'https://x'}", 2, "needs 'under'"),
        (
            "sources:\n  - {id: a, name: A, tier: press, kind: snapshot_list, url: 'https://x'}",
            2,
            "needs 'rows'",
        ),
        ("sources:\n  - {id: a, name: A, tier: press, kind: mailbox}", 2, "needs 'mailbox'"),
        (f"sources:\n  - {BOX[:-2]}, senders: []}}}}", 2, "at least 1 item"),
        (f"sources:\n  - {BOX[:-2]}, senders: [a@b], password: x}}}}", 2, "mend its spelling"),
        (f"sources:\n  - {GOOD}\n  - {GOOD}", 1, "two sources share the id 'a'"),
        ("sources:\n  - {id: a\n", 3, "not YAML"),
        ("", 1, "sources: Field required"),
        ("sources: []", 1, "add one"),
        ("- a", 1, "dictionary"),
    ],
)
def test_an_error_names_file_line_and_cure(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    told = complaint(path)
    assert any(each.startswith(f"{path}:{line}: ") and words in each for each in told.splitlines())


def test_a_file_that_cannot_be_read_says_which_setting_names_it(tmp_path: Path) -> None:
    assert "TOCSIN_INGEST_SOURCES_FILE" in complaint(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"sources: # caf\xe9")
    assert "save it as UTF-8" in complaint(tmp_path / "latin.yaml")
