"""A bucket of S3: moto's server on 127.0.0.1, with one bucket in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeKey, S3Backend, s3_backends
from moto.server import ThreadedMotoServer

BUCKET = "gazette"
ACCESS_KEY = "AKIAEXAMPLEHUSH4711"
SECRET_KEY = "hush-secret-key-4711"

PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    ],
}
"""Everybody may read what is in it, as in a bucket that a web site is served from."""


@dataclass(frozen=True)
class Bucket:
    """The bucket as anybody sees it; `server` ends without a slash."""

    server: str
    prefix: str = "site"

    def settings(self, **changes: Any) -> dict[str, Any]:
        """An `[[endpoint]]` that puts documents there."""
        said = {
            "kind": "s3",
            "url": f"s3://{BUCKET}/{self.prefix}",
            "server": self.server,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "timeout": "10 s",
        }
        return {name: value for name, value in (said | changes).items() if value is not None}

    def read(self, path: str) -> requests.Response:
        """What a reader of the public address gets, exactly as it is stored."""
        address = f"{self.server}/{BUCKET}/{self.prefix}/{path}"
        return requests.get(address, headers={"Accept-Encoding": "identity"}, stream=True, timeout=10)

    def stored(self, path: str) -> FakeKey:
        """An object as moto has it."""
        found: FakeKey = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys[f"{self.prefix}/{path}"]
        return found

    def refuse_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on the store says that it has too much to do."""

        def refuse(*_arguments: object, **_named: object) -> None:
            raise S3ClientError("SlowDown", "Please reduce your request rate.")

        monkeypatch.setattr(S3Backend, "put_object", refuse)

    def listing(self) -> set[str]:
        """Every key of the bucket."""
        listing = requests.get(f"{self.server}/{BUCKET}?list-type=2", timeout=10).content
        return {str(each.text) for each in ElementTree.fromstring(listing).iter() if each.tag.endswith("}Key")}


@contextmanager
def serving() -> Iterator[Bucket]:
    """Serve an empty bucket, and forget all buckets after."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        bucket = Bucket(f"http://{host}:{port}")
        requests.put(f"{bucket.server}/{BUCKET}", timeout=10).raise_for_status()
        requests.put(f"{bucket.server}/{BUCKET}?policy", data=json.dumps(PUBLIC), timeout=10).raise_for_status()
        yield bucket
    finally:
        server.stop()
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()
