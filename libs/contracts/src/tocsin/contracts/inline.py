"""Secrets written where they do not belong: told by how they look, to be refused and not shown."""

import re

SIGNS = {
    "a webhook secret": re.compile(r"\bwhsec_[A-Za-z0-9+/=]{16,}"),
    "an address that is a secret (Slack)": re.compile(r"^https://hooks\.slack(-gov)?\.com/"),
    "an address that is a secret (its signature is in it)": re.compile(r"[?&]sig=."),
    "a password in an address": re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*:[^/?#\s]*@"),
    "a Slack token": re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{8,}"),
    "a PagerDuty key": re.compile(r"^([0-9a-f]{32}|R[0-9A-Z]{31})$"),
    "a Matrix token": re.compile(r"\b(syt|mat|mct)_[A-Za-z0-9_]{16,}"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "an AWS key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


def secret_in(text: str) -> str | None:
    """What kind of secret a text looks like; None when it looks like none. Nothing of the text is in it."""
    return next((kind for kind, sign in SIGNS.items() if sign.search(text)), None)


def cure(kind: str) -> str:
    """What to do about one."""
    return (
        f"this looks like {kind}: take it out and change it, for whoever reads the file has it; "
        "put the new one into notify's environment, or into a file, and name the variable here"
    )
