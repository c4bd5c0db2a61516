"""Mailgun as far as its batches go, in a process of its own: `python -m tests.bench.mailgun [FOLDER]`.

It prints its port. What a call asks for is done for every recipient: variables are put into text, HTML and header,
and a digest of the mail that comes of it is kept by the recipient's address. A call that is not as it should be is
refused as a whole. With a folder, the calls that were taken are kept there, each with the type of its content.

GET /record tells what was taken since the last time, as JSON: mails, how many came to an address twice, how many
were different, and one digest of all.
"""

from __future__ import annotations

import json
import re
import sys
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

DOMAIN = "mg.example.org"
KEY = "key-of-the-bench"
PATH = f"/v3/{DOMAIN}/messages"
MOST = 1_000
OCTETS = 25_000_000
TYPE_ENDS = b"\n"
"""In a kept call, what stands between the type of its content and the content."""

_LOGIN = "Basic " + b64encode(f"api:{KEY}".encode()).decode()
_NAME = re.compile(rb'name="([^"]+)"')
_VARIABLE = re.compile(r"%recipient\.(\w+)%")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


class Record:
    """The mails that were taken."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._mails: dict[str, bytes] = {}
        self._twice = 0

    def add(self, mails: Mapping[str, bytes]) -> None:
        """Keep the digests of a call."""
        with self._lock:
            self._twice += len(self._mails.keys() & mails.keys())
            self._mails.update(mails)

    def tell(self) -> dict[str, Any]:
        """What was taken, which is forgotten."""
        with self._lock:
            mails, twice = self._mails, self._twice
            self._mails, self._twice = {}, 0
        everything = sha256()
        for address in sorted(mails):
            everything.update(address.encode() + b"\0" + mails[address])
        different = len(set(mails.values()))
        return {"mails": len(mails), "twice": twice, "different": different, "digest": everything.hexdigest()}


class RefusedError(ValueError):
    """A call is not as it should be."""


def mails_of(fields: Mapping[str, list[str]]) -> dict[str, bytes]:
    """Address to digest of each mail that a call asks for.

    Raises:
        RefusedError: Mailgun would not take it.
    """
    try:
        variables = json.loads(fields["recipient-variables"][0])
        templates = [fields[name][0] for name in ("subject", "text", "html", "v:ref")]
        addresses = [value.rpartition("<")[2].rstrip(">") for value in fields["to"]]
    except (KeyError, ValueError) as error:
        raise RefusedError("something is missing") from error
    if not 0 < len(addresses) <= MOST or len(set(addresses)) != len(addresses) or set(variables) != set(addresses):
        raise RefusedError("recipients and recipient-variables differ")
    if not all(map(_ADDRESS.fullmatch, addresses)):
        raise RefusedError("to parameter is not a valid address")
    templates += [values[0] for name, values in sorted(fields.items()) if name.startswith("h:")]
    pieces = _VARIABLE.split("\0".join(templates))  # literals, and names between them
    literals = [piece.encode() for piece in pieces[::2]]
    try:
        return {address: _digest(literals, pieces[1::2], variables[address]) for address in addresses}
    except KeyError as error:
        raise RefusedError("a variable is missing") from error


def _digest(literals: list[bytes], names: list[str], own: Mapping[str, str]) -> bytes:
    mail = [b""] * (2 * len(literals) - 1)
    mail[::2] = literals
    mail[1::2] = [own[name].encode() for name in names]
    return sha256(b"".join(mail)).digest()


def form_of(content_type: str, body: bytes) -> dict[str, list[str]]:
    """The fields of a multipart form."""
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    found: dict[str, list[str]] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None:
            raise RefusedError("a part has no name")
        found.setdefault(name[1].decode(), []).append(value.removesuffix(b"\r\n").decode())
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    record: Record
    folder: Path | None
    numbers = count()
    wbufsize = -1  # head and body of an answer leave together

    def do_GET(self) -> None:
        """The record."""
        self._answer(200, self.record.tell())

    def do_POST(self) -> None:
        """A call."""
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            mails = self._taken(body)
        except RefusedError as error:
            self._answer(400, {"message": str(error)})
            return
        self.record.add(mails)
        self._answer(200, {"id": f"<{next(self.numbers)}@{DOMAIN}>", "message": "Queued. Thank you."})

    def _taken(self, body: bytes) -> dict[str, bytes]:
        if self.path != PATH or self.headers["authorization"] != _LOGIN or len(body) > OCTETS:
            raise RefusedError("no such thing")
        content_type = self.headers["content-type"]
        mails = mails_of(form_of(content_type, body))
        if self.folder is not None:
            kept = self.folder / f"{next(self.numbers):06}"
            kept.write_bytes(content_type.encode() + TYPE_ENDS + body)
        return mails

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a bench prints its table."""


def main() -> None:
    """Serve until killed."""
    _Handler.record = Record()
    _Handler.folder = Path(sys.argv[1]) if sys.argv[1:] else None
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
