"""Wording: what an alert says, every word of it standing on a quote."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from tocsin.contracts import (
    AlertRaised,
    CaseState,
    Category,
    Kind,
    NoticeClassified,
    Quote,
    Role,
    Span,
    StepKind,
    Tier,
    fingerprint,
)
from tocsin.notify.cases.claims import RISING
from tocsin.notify.cases.filing import Development
from tocsin.notify.channels import Purpose
from tocsin.notify.line import line
from tocsin.notify.routing.route import Recipient

LONGEST_QUOTE = 300
LONGEST_TITLE = 80  # in a headline, where what has become of it must still fit
MOST_QUOTES = 3
MOST_NAMED = 3

MEASURE = {
    Category.EXPORT_CONTROL: "export control",
    Category.SANCTIONS: "sanctions",
    Category.MODEL_RESTRICTION: "restriction of access",
    Category.SECURITY_DIRECTIVE: "security directive",
    Category.ENFORCEMENT: "enforcement action",
    Category.LEGISLATION: "law",
    Category.LICENSING: "licensing measure",
    Category.GUIDANCE: "guidance",
    Category.OTHER_REGULATORY: "regulatory measure",
}
STANDING = {
    CaseState.RUMOURED: "rumoured",
    CaseState.REPORTED: "reported, not confirmed",
    CaseState.PROPOSED: "proposed",
    CaseState.IN_FORCE: "in force",
    CaseState.EASED: "eased",
    CaseState.LIFTED: "lifted",
    CaseState.DENIED: "denied",
}
AGAIN = {
    Purpose.REMINDER: "Reminder",
    Purpose.FALLBACK: "Nobody has acknowledged",
    Purpose.RESOLVE: "Over",
}
SPEAKER = {
    Tier.OFFICIAL: "stated by the authority itself",
    Tier.PARTY: "reported by the vendor itself",
    Tier.PRESS: "reported by the press",
    Tier.COMMUNITY: "posted in a community, by nobody who answers for it",
}


def compose(
    news: Development, recipient: Recipient, *, raised_at: datetime, case_url: str | None
) -> AlertRaised:
    """The alert that tells one team one step. Its id is made of case, step and team."""
    fact, case, step = news.fact, news.case, news.step
    hit = {thing for thing, state in case.states.items() if state in (*RISING, CaseState.EASED)}
    still_hit = tuple(ref for ref in case.subjects if ref.id in hit)
    return AlertRaised(
        id=fingerprint("a", case.id, str(step.number), recipient.team),
        team=recipient.team,
        case_id=case.id,
        case_ref=case.ref,
        step=step.number,
        kind=step.kind,
        state=step.state,
        category=case.category,
        action=fact.classification.action,
        certainty=fact.classification.certainty,
        severity=step.severity,
        headline=headline(news, recipient),
        provenance=provenance(news),
        happened=happened(news),
        quotes=quotes(fact),
        subjects=step.subjects,
        reasons=recipient.reasons,
        unaffected=tuple(ref for ref in recipient.spared if ref not in still_hit),
        still_hit=still_hit,
        watch_next=watch_next(news),
        case_url=case_url,
        seen_at=fact.notice.first_seen_at,
        classified_at=fact.classified_at,
        raised_at=raised_at,
    )


def headline(news: Development, recipient: Recipient) -> str:
    """One line for a phone: what of the team's is hit first, and what has become of it."""
    own = [ref for reason in recipient.reasons for ref in reason.entities]
    products = [ref for ref in (*own, *news.step.subjects) if ref.kind is not Kind.VENDOR]
    named = list(dict.fromkeys(ref.name for ref in products or news.step.subjects))
    subject = listed(named) or line(news.fact.notice.title, LONGEST_TITLE)
    return ": ".join(filter(None, [subject, _development(news)]))


def happened(news: Development) -> str:
    """What happened in one sentence: the measure, on what, by whom, for whom, from when."""
    said = news.fact.classification
    parts = [_development(news).capitalize()]
    if things := [ref.name for ref in news.step.subjects if ref.kind is not Kind.VENDOR]:
        parts.append(f"on {listed(things)}")
    authorities = [m.name for m in said.entities if m.kind is Kind.AUTHORITY and m.role is Role.SUBJECT]
    if authorities or said.jurisdictions:
        parts.append(f"by {listed(authorities or list(said.jurisdictions))}")
    if said.targets:
        parts.append(f"for {listed(list(said.targets))}")
    if said.effective_at is not None:
        parts.append(f"from {utc(said.effective_at)}")
    return " ".join(parts) + "."


def provenance(news: Development) -> str:
    """Who says so, and whether the authority has."""
    tier = news.fact.notice.source.tier
    if tier is Tier.OFFICIAL:
        return SPEAKER[tier]
    confirmed = "confirmed by the authority" if news.case.confirmed else "not yet confirmed by the authority"
    return f"{SPEAKER[tier]} · {confirmed}"


def quotes(fact: NoticeClassified) -> tuple[Quote, ...]:
    """The sentences that the claims stand on, the act first; the title where no claim has a span."""
    spans = [
        e.span for e in sorted(fact.classification.evidence, key=lambda e: not e.claim.startswith("action"))
    ]
    sentences = [sentence(fact, span) for span in spans if span is not None]
    told = [text for text in dict.fromkeys(sentences) if text.strip("… ")] or [fact.notice.title]
    return tuple(_quote(fact, text) for text in told[:MOST_QUOTES])


def sentence(fact: NoticeClassified, span: Span) -> str:
    """The sentence around a span, cut to 300 characters around it, with `…` where it was cut."""
    text = fact.notice.title if span.field == "title" else fact.notice.text
    before = [match.end() for match in re.finditer(r"[.!?]\s+|\n", text[: span.start])]
    after = re.search(r"[.!?](?=\s|$)|\n", text[span.end :])
    start = before[-1] if before else 0
    end = span.end + after.end() if after else len(text)
    cut_start, cut_end = (
        max(start, span.end - LONGEST_QUOTE),
        min(end, max(start, span.end - LONGEST_QUOTE) + LONGEST_QUOTE),
    )
    return (
        ("…" if cut_start > start else "") + text[cut_start:cut_end].strip() + ("…" if cut_end < end else "")
    )


def watch_next(news: Development) -> tuple[str, ...]:
    """What would change the picture, from what is missing in it."""
    case, said = news.case, news.fact.classification
    told = []
    if not case.confirmed:
        told.append("confirmation by the authority (no official source yet)")
    if news.step.state in RISING:
        told.append("who may still use it" if said.targets else "whom it spares")
        told.append("an easing or a lift (no end stated)")
    if news.step.kind is StepKind.EASED and case.state is not CaseState.EASED:
        rest = [ref.name for ref in case.subjects if case.states.get(ref.id) in RISING]
        told.append(f"{listed(rest)}: unchanged")
    if case.notices > 1:
        copies = f", {case.copies} of them copied" if case.copies else ""
        told.append(f"{case.notices} notices on this case so far{copies}")
    return tuple(told)


def worded(alert: AlertRaised, purpose: Purpose) -> AlertRaised:
    """An alert as it is told for a purpose: one that is told again says so first."""
    said = AGAIN.get(purpose)
    return alert.model_copy(update={"headline": f"{said}: {alert.headline}"}) if said else alert


def utc(moment: datetime) -> str:
    """A time as alerts print it: `13 Jun 2026 00:50 UTC`."""
    return moment.astimezone(UTC).strftime("%-d %b %Y %H:%M UTC")


def _development(news: Development) -> str:
    measure, step = MEASURE[news.case.category], news.step
    if step.kind is StepKind.WIDENED:
        return f"{measure} widened"
    if step.kind is StepKind.CONFIRMED:
        return f"{measure} confirmed by the authority"
    return f"{measure} {STANDING[step.state]}"


def _quote(fact: NoticeClassified, text: str) -> Quote:
    notice = fact.notice
    return Quote(
        text=text,
        notice_id=notice.id,
        source=notice.source.name,
        tier=notice.source.tier,
        url=notice.url,
        published_at=notice.updated_at or notice.published_at,
        seen_at=notice.first_seen_at,
        sha256=notice.content_sha256,
    )


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`, `A, B, C and 4 more`."""
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown.append(f"{len(names) - MOST_NAMED} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
