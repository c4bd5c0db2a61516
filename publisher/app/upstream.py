"""What makes digests of upstream feeds, put together."""

from __future__ import annotations

from publisher.app.adapters import Adapters
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.publishing.fetching import Fetching
from publisher.publishing.polling import Polling
from publisher.upstream.asking import Asker
from publisher.upstream.composing import Setting


def fetching_of(instance: Adapters, asker: Asker | None = None) -> Fetching:
    """What makes digests of the feeds of an instance.

    Args:
        instance: whose.
        asker: the way out; this machine's own when not given.
    """
    settings = instance.settings
    feeds = [
        Setting(feed, newsletter.title, newsletter.language or settings.site.language, newsletter.zone)
        for feed in settings.inbox.feed
        for newsletter in [settings.newsletter_named(feed.newsletter)]
    ]
    inbox = DirectoryEndpoint("inbox", settings.path(settings.inbox.directory))
    return Fetching(
        instance.store, Polling(instance.store, asker or Asker(), instance.clock), feeds, inbox, instance.clock
    )
