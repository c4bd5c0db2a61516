"""A WebDAV server: WsgiDAV on 127.0.0.1, over a folder.

Out of the box WsgiDAV's MOVE removes what is in the way before it moves, as RFC 4918 describes it, and its GET
measures a file by its name before it opens it by its name. Either shows for a moment what no web server shows that
is meant for readers. `Prompt` does both in one step, as nginx does.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

from cheroot import wsgi
from wsgidav.fs_dav_provider import FileResource, FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

USER = "gazette"
PASSWORD = "hush-dav-password-4711"


class PromptFile(FileResource):  # type: ignore[misc]
    """A file that is measured and read by one handle, and moved by one rename."""

    def __init__(self, path: str, environ: dict[str, Any], file_path: str) -> None:
        super().__init__(path, environ, file_path)
        self._handle: BinaryIO | None = None
        if environ["REQUEST_METHOD"] == "GET":
            self._handle = open(file_path, "rb")  # noqa: SIM115, PTH123 - the server closes it
            self.file_stat = os.fstat(self._handle.fileno())

    def get_content(self) -> BinaryIO:
        """See the base class; the server closes it."""
        assert self._handle is not None
        return self._handle

    def handle_move(self, dest_path: str) -> bool:
        """See the base class."""
        Path(self._file_path).replace(self.provider._loc_to_file_path(dest_path, self.environ))
        return True


class _Full:
    """A file on a disk that has room for three octets more."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, data: bytes) -> None:
        self._path.write_bytes(data[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def begin_on_a_full_disk(file: PromptFile, **_named: object) -> _Full:
    """Stands in for `PromptFile.begin_write`."""
    return _Full(file._file_path)


class Prompt(FilesystemProvider):  # type: ignore[misc]
    """Files that are `PromptFile`s."""

    def get_resource_inst(self, path: str, environ: dict[str, Any]) -> Any:
        """See the base class."""
        try:
            found = super().get_resource_inst(path, environ)
            plain = type(found) is FileResource
            return PromptFile(path, environ, found._file_path) if plain else found
        except FileNotFoundError:  # moved away between the look and the opening
            return None


@dataclass(frozen=True)
class Dav:
    """The server: its address, with a slash at the end, and its folder."""

    url: str
    root: Path
    folder: str = "site"

    @property
    def site(self) -> Path:
        """The folder that documents are put into."""
        return self.root / self.folder

    def settings(self, **changes: Any) -> dict[str, Any]:
        """An `[[endpoint]]` that puts documents there."""
        said = {
            "kind": "webdav",
            "url": f"{self.url}{self.folder}/",
            "user": USER,
            "password": PASSWORD,
            "timeout": "10 s",
        }
        return {name: value for name, value in (said | changes).items() if value is not None}


@contextmanager
def serving(
    root: Path, *, provider: type[FilesystemProvider] = Prompt, port: int = 0, anonymous: bool = False
) -> Iterator[Dav]:
    """Serve a folder to one user, or to anybody; at any port, or a certain one."""
    root.mkdir(parents=True, exist_ok=True)
    users: Any = True if anonymous else {USER: {"password": PASSWORD}}
    application = WsgiDAVApp(
        {
            "provider_mapping": {"/": provider(str(root))},
            "simple_dc": {"user_mapping": {"*": users}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "dir_browser": {"enable": False},
            "property_manager": False,
            "lock_storage": False,
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    logging.getLogger("wsgidav").setLevel(logging.CRITICAL)
    server = wsgi.Server(("127.0.0.1", port), application, numthreads=6)
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield Dav(f"http://127.0.0.1:{server.bind_addr[1]}/", root)
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()
