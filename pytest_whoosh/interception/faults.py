"""The errors of sockets, with this machine's own numbers: they differ between Linux, macOS and Windows."""

import errno


def connection_refused(text: str = "Connection refused") -> ConnectionRefusedError:
    """Return what a socket raises if nothing listens at the address."""
    return ConnectionRefusedError(errno.ECONNREFUSED, text)


def connection_reset() -> ConnectionResetError:
    """Return what a socket raises if the other side ends the connection."""
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
