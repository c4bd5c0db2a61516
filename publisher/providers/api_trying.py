"""Trying a provider with an API: its questions are asked, and nobody is mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from publisher.config import ApiProvider
from publisher.errors import ProviderError
from publisher.http import Answer, Client, HttpError, Limits
from publisher.providers import mailgun_trial, postmark_trial, resend_trial, sendgrid_trial, ses_trial
from publisher.providers.calls import MalformedError, told
from publisher.providers.trials import Grade, Seen, Trial, unanswered

TRIALS: Mapping[str, Trial] = {
    "mailgun": mailgun_trial.TRIAL,
    "postmark": postmark_trial.TRIAL,
    "resend": resend_trial.TRIAL,
    "sendgrid": sendgrid_trial.TRIAL,
    "ses": ses_trial.TRIAL,
}
"""By kind."""


def try_api(provider: ApiProvider, senders: frozenset[str], seconds: float) -> tuple[Seen, ...]:
    """Ask what can be asked, and judge it.

    Args:
        provider: one of the settings'.
        senders: the domains that mail is sent from, in ASCII.
        seconds: how long all of it may take.

    Raises:
        ProviderError: it cannot be reached, or does not answer.
    """
    trial = TRIALS[provider.kind]
    calls = trial.questions(provider)
    limits = Limits().within(timedelta(seconds=seconds / len(calls)))
    with Client(limits=limits) as client:
        try:
            answers = [client.ask(each.method, each.address, headers=each.headers) for each in calls]
        except HttpError as error:
            raise ProviderError(
                f"{trial.name(provider)} cannot be reached: {error.words}",
                remedy=error.remedy,
                permanent=error.permanent,
            ) from None
    return judged(provider, answers, senders)


def judged(provider: ApiProvider, answers: Sequence[Answer], senders: frozenset[str]) -> tuple[Seen, ...]:
    """What the answers to a kind's questions say. Pure."""
    trial = TRIALS[provider.kind]
    try:
        for answer in answers:
            if (refusal := _refusal(trial, provider, answer)) is not None:
                return (refusal,)
        return tuple(trial.judge(provider, answers, senders))
    except MalformedError as error:
        return (
            Seen(
                Grade.BROKEN,
                f"{trial.name(provider)} does not answer as its API would: {error.message}",
                "Look at url and region in [provider], and at what stands between here and there",
            ),
        )


def _refusal(trial: Trial, provider: ApiProvider, answer: Answer) -> Seen | None:
    """What keeps an answer from being one to the question, if anything does."""
    if (own := trial.own(provider, answer)) is not None:
        return own
    if answer.status == 404 and trial.may_lack:
        return None
    return unanswered(answer, trial.name(provider), told(answer, *trial.words))
