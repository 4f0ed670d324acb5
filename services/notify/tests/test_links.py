"""Signed links: what they open, for how long, and with which keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from tocsin.contracts import AlertRaised, StepKind
from tocsin.notify.links import VALID, Expired, Forged, Links, Named
from tocsin.notify.settings import NotifySettings

Alert = Callable[..., AlertRaised]

OLD, NEW = SecretStr("the older of two secrets"), SecretStr("the newer of two secrets")
HOME = "https://tocsin.example/"
MOMENT = timedelta(seconds=1)


def token(links: Links, alert: AlertRaised) -> str:
    url = links.acknowledge(alert)
    assert url is not None
    return url.removeprefix("https://tocsin.example/acknowledge/")


def test_a_link_names_the_alert_and_its_team_and_is_the_same_every_time(an_alert: Alert) -> None:
    links, alert = Links(HOME, [NEW]), an_alert()
    made = token(links, alert)
    assert links.read(made, alert.raised_at) == Named(alert.id, "payments")
    assert token(links, alert.model_copy(update={"headline": "Reminder: ..."})) == made
    assert made.isascii()
    assert "/" not in made


def test_a_link_is_good_for_thirty_days_from_when_the_alert_was_raised(an_alert: Alert) -> None:
    links, alert = Links(HOME, [NEW]), an_alert()
    end = alert.raised_at.replace(microsecond=0) + VALID
    assert links.read(token(links, alert), end - MOMENT).alert == alert.id
    with pytest.raises(Expired):
        links.read(token(links, alert), end)


def test_the_newest_key_signs_and_an_older_one_is_good_until_it_is_taken_out(an_alert: Alert) -> None:
    alert = an_alert()
    before, both, after = Links(HOME, [OLD]), Links(HOME, [NEW, OLD]), Links(HOME, [NEW])
    old, new = token(before, alert), token(both, alert)
    assert both.read(old, alert.raised_at) == both.read(new, alert.raised_at)
    assert after.read(new, alert.raised_at).alert == alert.id
    for reader, given in ((after, old), (before, new)):
        with pytest.raises(Forged):
            reader.read(given, alert.raised_at)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good[:-1],
        lambda good: "A" + good,
        lambda good: good.partition(".")[0],
        lambda good: good.upper(),
        lambda _: "",
        lambda _: ".",
        lambda _: "\x00",
        lambda _: "é.é",
    ],
)
def test_what_we_did_not_sign_opens_nothing(an_alert: Alert, spoil: Callable[[str], str]) -> None:
    links, alert = Links(HOME, [NEW]), an_alert()
    with pytest.raises(Forged):
        links.read(spoil(token(links, alert)), alert.raised_at)


def test_without_an_address_a_key_or_something_to_act_on_there_is_no_link(an_alert: Alert) -> None:
    assert Links(None, [NEW]).acknowledge(an_alert()) is None
    assert Links(HOME, []).acknowledge(an_alert()) is None
    assert Links(HOME, [NEW]).acknowledge(an_alert(kind=StepKind.LIFTED)) is None
    with pytest.raises(Forged):
        Links(HOME, []).read(token(Links(HOME, [NEW]), an_alert()), an_alert().raised_at)


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 16"):
        NotifySettings(link_keys=(SecretStr("short"),))
