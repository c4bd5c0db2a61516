"""What kept a test mail from leaving, in the words of each provider, and what to do about it."""

from __future__ import annotations

import pytest

from publisher.ledger import Mark
from publisher.notices.explaining import ADVICE, Trouble, explained, trouble
from publisher.notices.probing import Told

ACCEPTED = Told(Mark.ACCEPTED, 200, "queued", "1@mg.example.org", "<test.1@example.org>")
UNUSABLE = "cannot be used"
CASES: dict[str, tuple[Told, Trouble]] = {
    "mailgun, key": (Told(None, None, f"mailgun:mg.example.org {UNUSABLE}: 401: Forbidden"), Trouble.KEY),
    "mailgun, domain": (Told(None, None, f"mailgun:m {UNUSABLE}: 404: Domain not found: m"), Trouble.DOMAIN),
    "mailgun, sandbox": (
        Told(
            None,
            None,
            f"mailgun:s {UNUSABLE}: 403: Domain s is not allowed to send: Free accounts are for test",
        ),
        Trouble.SANDBOX,
    ),
    "postmark, key": (
        Told(None, None, f"postmark {UNUSABLE}: 401: Bad or missing Server API token."),
        Trouble.KEY,
    ),
    "postmark, pending": (
        Told(Mark.FAILED, 412, "While your account is pending approval, all recipients must share the domain"),
        Trouble.SANDBOX,
    ),
    "postmark, sender": (
        Told(Mark.FAILED, 400, "The 'From' address you supplied is not a Sender Signature on your account."),
        Trouble.DOMAIN,
    ),
    "postmark, inactive": (
        Told(Mark.FAILED, 406, "You tried to send to an inactive recipient."),
        Trouble.RECIPIENT,
    ),
    "sendgrid, key": (
        Told(None, None, f"sendgrid:global {UNUSABLE}: 401: The provided authorization grant is invalid"),
        Trouble.KEY,
    ),
    "sendgrid, sender": (
        Told(
            None,
            None,
            f"sendgrid:eu {UNUSABLE}: 403: The from address does not match a verified Sender Identity.",
        ),
        Trouble.DOMAIN,
    ),
    "resend, key": (Told(None, None, f"resend {UNUSABLE}: 403: API key is invalid"), Trouble.KEY),
    "resend, domain": (
        Told(None, None, f"resend {UNUSABLE}: 403: The example.org domain is not verified."),
        Trouble.DOMAIN,
    ),
    "resend, trial": (
        Told(
            None, None, f"resend {UNUSABLE}: 403: You can only send testing emails to your own email address (x)."
        ),
        Trouble.SANDBOX,
    ),
    "ses, key": (
        Told(None, None, f"ses:eu-west-1 {UNUSABLE}: 403: The token is invalid (InvalidClientTokenId)"),
        Trouble.KEY,
    ),
    "ses, sandbox": (
        Told(
            None,
            None,
            f"ses:eu-west-1 {UNUSABLE}: 400: Email address is not verified. Identities that failed the check"
            " in EU-WEST-1: <recipient> (MessageRejected)",
        ),
        Trouble.SANDBOX,
    ),
    "ses, sender": (
        Told(
            None,
            None,
            f"ses:eu-west-1 {UNUSABLE}: 400: Email address is not verified. Identities that failed the check"
            " in EU-WEST-1: daily@example.org (MessageRejected)",
        ),
        Trouble.DOMAIN,
    ),
    "any, throttled": (
        Told(None, None, "resend takes nothing for now: 429: Too many requests"),
        Trouble.THROTTLED,
    ),
    "any, told to rest": (Told(None, None, "whatever it says: 403", wants_rest=True), Trouble.THROTTLED),
    "any, not reached": (
        Told(None, None, "resend cannot be reached: no such host. 401"),
        Trouble.CONNECTION,
    ),
    "any, silent": (Told(Mark.UNCERTAIN, None, "no answer: no answer in time"), Trouble.TIMEOUT),
    "any, silent with a number": (
        Told(Mark.UNCERTAIN, None, "401 or so; it may have been taken"),
        Trouble.TIMEOUT,
    ),
    "any, unknown": (Told(None, None, "the moon is full"), Trouble.OTHER),
    "smtp, login": (Told(None, None, "mail.example.org:587 refuses the login of u: 535 5.7.8 no"), Trouble.KEY),
    "smtp, recipient": (Told(Mark.FAILED, 550, "550 5.1.1 no such user"), Trouble.RECIPIENT),
    "smtp, greylisted": (Told(Mark.DEFERRED, 451, "451 4.7.1 come back later"), Trouble.THROTTLED),
    "smtp, sender": (Told(None, None, "smtp:m:587 refuses mail from a@example.org: 550 no"), Trouble.DOMAIN),
    "smtp, certificate": (Told(None, None, "the certificate of m cannot be trusted: expired"), Trouble.CONNECTION),
}


@pytest.mark.parametrize("case", CASES)
def test_a_trouble_is_known_by_its_words(case: str) -> None:
    told, expected = CASES[case]
    assert trouble(told) is expected


@pytest.mark.parametrize("case", CASES)
def test_what_it_is_and_what_to_do_follow_the_providers_own_words(case: str) -> None:
    told, expected = CASES[case]
    first, means, todo = explained(told, "it", "reader@example.org")
    assert told.text in first
    assert (means.strip(), todo.strip()) == ADVICE[expected]


def test_every_trouble_has_advice_and_a_case() -> None:
    assert set(ADVICE) == set(Trouble) == {found for _, found in CASES.values()}


def test_an_accepted_mail_is_told_with_where_to_look() -> None:
    assert trouble(ACCEPTED) is None
    said = "\n".join(explained(ACCEPTED, "mailgun", "reader@example.org"))
    assert "accepted" in said
    assert "1@mg.example.org" in said
    assert "<test.1@example.org>" in said
    assert "reader@example.org" in said


def test_a_code_is_told_once() -> None:
    assert "550 550" not in explained(Told(Mark.FAILED, 550, "550 no"), "it", "r@example.org")[0]
    assert "406 inactive" in explained(Told(Mark.FAILED, 406, "inactive"), "it", "r@example.org")[0]
