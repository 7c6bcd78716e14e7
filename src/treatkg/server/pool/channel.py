"""How a worker and the server talk: frames of a kind, a length and content."""

from __future__ import annotations

import socket
import struct

HEAD = struct.Struct(">cI")
QUERY, DATA, END, STOPPED, REFUSED = b"Q", b"D", b"E", b"S", b"R"


def frame(kind: bytes, content: bytes | bytearray) -> bytes:
    """Return a frame."""
    return HEAD.pack(kind, len(content)) + content


def receive(channel: socket.socket) -> bytes:
    """Return the content of the next frame; nothing if the other end is closed."""
    head = _exactly(channel, HEAD.size)
    return _exactly(channel, HEAD.unpack(head)[1]) if head else b""


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = channel.recv(size - len(data))
        if not part:
            return b""
        data += part
    return bytes(data)
