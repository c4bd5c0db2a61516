"""Telling a WebSub hub that a feed has changed: it fetches the feed and passes it on to whoever has asked it to.

The recommendation (https://www.w3.org/TR/websub/) leaves open how a hub is told. What hubs understand is a form
with `hub.mode=publish` and the feed's address, some as `hub.url`, others as `hub.topic`; so it is in both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from publisher.errors import HubError
from publisher.http import Answer, Client, HttpError, Limits

_ANSWER = timedelta(seconds=20)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Hubs:
    """Tells hubs. They are the configuration's own, so that any address may be asked, also one of this network.

    Args:
        client: asks; one of its own when not given. It follows no redirect.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client(limits=Limits(total=_ANSWER, body=0))

    def ping(self, hub: str, topic: str, now: datetime) -> None:
        """Tell a hub that the feed at `topic`, its own address, has changed.

        Raises:
            HubError: the hub did not say that it has taken it.
        """
        form = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode("ascii")
        try:
            answer = self._client.ask("POST", hub, headers=_FORM, data=form)
        except HttpError as error:
            raise HubError(error.message, remedy=error.remedy, hub=hub) from None
        if not 200 <= answer.status < 300:
            raise _refusal(hub, topic, answer, now)


def _refusal(hub: str, topic: str, answer: Answer, now: datetime) -> HubError:
    words, remedy = f"{hub} says {answer.said} to {topic}", "Look whether it is the address of a hub"
    if answer.redirect:
        words, remedy = f"{hub} sends us to {answer.redirect}", "Write the address that it has now into [[hub]]"
    error = HubError(words, remedy=remedy, hub=hub)
    error.retry_in = answer.retry_after(now)
    return error
