"""Socket errors with this machine's error numbers, which differ between Linux, macOS and Windows."""

import errno


def connection_refused(text: str = "Connection refused") -> ConnectionRefusedError:
    """Return the error of a socket if nothing listens at the address."""
    return ConnectionRefusedError(errno.ECONNREFUSED, text)


def connection_reset() -> ConnectionResetError:
    """Return the error of a socket if the other side resets the connection."""
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
