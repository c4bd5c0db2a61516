"""The public half of an instance over HTTP: links in mails, sign-up, webhooks, and the site in a folder.

Thin on purpose: pages arrive as ready bytes through the Protocols in `ports`, and nothing is decided here but
HTTP. A GET or HEAD never changes anything.
"""

from publisher.web.app import create_app
from publisher.web.folder import Folder
from publisher.web.ports import Hooks, Public, SignUps, Site, SiteFile
from publisher.web.serve import WebServer

__all__ = ["Folder", "Hooks", "Public", "SignUps", "Site", "SiteFile", "WebServer", "create_app"]
