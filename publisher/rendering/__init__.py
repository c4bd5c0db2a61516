"""A digest becomes the bytes people read: mail, page, feed entry, site. Pure; Jinja2 and premailer live here."""

from publisher.rendering.amendments import amendment_entry
from publisher.rendering.edition import render
from publisher.rendering.look import Logo, Look, SiteLook, newsletter_look, site_look
from publisher.rendering.notices import unsubscribe_page
from publisher.rendering.placing import Place, placed
from publisher.rendering.site import Shelf, archive_page, index_page, month_page
from publisher.rendering.standing import about_page, feed_style, feeds_page, letter_icon, missing_page
from publisher.rendering.templates import templates_root
from publisher.rendering.withdrawal import withdrawn_entry, withdrawn_page

__all__ = [
    "Logo",
    "Look",
    "Place",
    "Shelf",
    "SiteLook",
    "about_page",
    "amendment_entry",
    "archive_page",
    "feed_style",
    "feeds_page",
    "index_page",
    "letter_icon",
    "missing_page",
    "month_page",
    "newsletter_look",
    "placed",
    "render",
    "site_look",
    "templates_root",
    "unsubscribe_page",
    "withdrawn_entry",
    "withdrawn_page",
]
