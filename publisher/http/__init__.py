"""The only way to ask something over HTTP: time-outs, limits, errors without secrets, and who may be connected to.

>>> with Client(lookup=guarded(look_up)) as client:
...     answer = client.ask("GET", "https://example.org/")
"""

from publisher.http.addresses import Address, Lookup, guarded, is_public, look_up
from publisher.http.client import AGENT, Answer, Client, Limits
from publisher.http.failures import Failure, HttpError, redacted
from publisher.http.forms import FormField, form
from publisher.http.retrying import asked_wait, back_off, retry_after
from publisher.http.sockets import Dial, dial

__all__ = [
    "AGENT",
    "Address",
    "Answer",
    "Client",
    "Dial",
    "Failure",
    "FormField",
    "HttpError",
    "Limits",
    "Lookup",
    "asked_wait",
    "back_off",
    "dial",
    "form",
    "guarded",
    "is_public",
    "look_up",
    "redacted",
    "retry_after",
]
