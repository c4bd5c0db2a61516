"""What the kernel knows about a lost connection: whether the peer ever had the last bytes.

When a peer closes, its closing segment acknowledges everything its kernel had received by then (RFC 9293, 3.8).
Bytes that stay unacknowledged after that were never there for anybody to read. This says nothing about a reset or
a time-out: an acknowledgement may just have been lost with them.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import sys
import termios

_BYTES_ACKED = struct.Struct("@Q")
_BYTES_ACKED_AT = 120  # struct tcp_info of linux/tcp.h, which only ever grows at its end


def written(connection: socket.socket) -> int | None:
    """How many bytes the stream has taken so far, counted as `acknowledged` counts; None when unknown."""
    for _ in range(3):  # an acknowledgement may arrive between the two questions
        before = acknowledged(connection)
        if before is None:
            return None
        queued = array.array("i", [0])
        try:
            fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
        except OSError:
            return None
        if acknowledged(connection) == before:
            return before + queued[0]
    return None


def acknowledged(connection: socket.socket) -> int | None:
    """How many bytes of the stream the peer's kernel has acknowledged; None when this system does not say."""
    if sys.platform != "linux":
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return None
    if len(info) < _BYTES_ACKED_AT + _BYTES_ACKED.size:
        return None
    (count,) = _BYTES_ACKED.unpack_from(info, _BYTES_ACKED_AT)
    return int(count)
