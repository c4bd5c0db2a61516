"""Whether an endpoint takes documents: one that no reader is shown is written, read back and removed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from publisher.editions import Document
from publisher.endpoints.registry import RemoteEndpoint
from publisher.errors import EndpointError

_TEXT = b"publisher check\n"


def try_remote(endpoint: RemoteEndpoint) -> None:
    """Try an endpoint that is asked over the network.

    Raises:
        EndpointError: nothing can be written there or removed, or something else came back.
    """
    path = f".publisher-{secrets.token_hex(8)}.tmp"
    try:
        endpoint.put(Document(path, "text/plain; charset=utf-8", _TEXT))
        back = endpoint.get(path)
    except EndpointError:
        with suppress(EndpointError):  # the first error is the one to tell
            endpoint.remove(path)
        raise
    endpoint.remove(path)
    if back != _TEXT:
        raise EndpointError(
            f"{endpoint.name}: what was written there came back different",
            remedy="Look whether url leads to the place that is written to, and whether it may be read",
            endpoint=endpoint.name,
        )


def try_folder(name: str, root: Path) -> str:
    """Try a `directory` endpoint; gives where. A folder that is not there is not made: what will hold it is tried.

    The name is one that the endpoint itself sweeps away, should we be killed in between.

    Raises:
        EndpointError: nothing can be written there, or something else came back.
    """
    folder = next(path for path in (root, *root.parents) if path.exists())
    file = folder / f".publisher-{secrets.token_hex(8)}.tmp"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as written:
                written.write(_TEXT)
                written.flush()
                os.fsync(written.fileno())
            back = file.read_bytes()
        finally:
            with suppress(OSError):  # the first error is the one to tell
                file.unlink()
    except OSError as error:
        raise EndpointError(
            f"{name}: nothing can be written to {folder}: {error.strerror}",
            remedy="Let the publisher's user write there, or name another folder in [[endpoint]] path",
            endpoint=name,
        ) from error
    if back != _TEXT:
        raise EndpointError(
            f"{name}: what was written to {folder} came back different",
            remedy="Look at the file system and its disk",
            endpoint=name,
        )
    return str(folder)
