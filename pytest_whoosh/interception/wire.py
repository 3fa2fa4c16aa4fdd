"""HTTP/1.1 as bytes, for the HTTP libraries that are intercepted where they open connections."""

import http.client
import io
from collections.abc import Callable
from http import HTTPStatus

from pytest_whoosh.engine.http import Request, Response

_END_OF_HEAD = b"\r\n\r\n"


class Wire:
    """The server side of a connection to the vendor. It receives the bytes of a request, and returns the response's."""

    def __init__(self, answer: Callable[[Request], Response], origin: str) -> None:
        self._answer = answer
        self._origin = origin
        self._received = bytearray()

    def start_tls(self) -> None:
        """Use TLS from now on."""
        self._origin = self._origin.replace("http://", "https://")

    def send(self, data: bytes) -> bytes | None:
        """Receive bytes. Return the bytes of the response if the request is complete, else None.

        Raises:
            NetworkFault: The test has scripted a network fault.
        """
        self._received += data
        request = _whole_request(bytes(self._received), self._origin)
        if request is None:
            return None
        self._received.clear()
        return to_bytes(self._answer(request), request.method)


def _whole_request(data: bytes, origin: str) -> Request | None:
    head, end, rest = data.partition(_END_OF_HEAD)
    if not end:
        return None
    line, _, fields = head.partition(b"\r\n")
    headers = dict(http.client.parse_headers(io.BytesIO(fields + _END_OF_HEAD)).items())
    names = {name.lower(): value for name, value in headers.items()}
    if "chunked" in names.get("transfer-encoding", "").lower():
        body = _unchunked(rest)
    else:
        length = int(names.get("content-length", "0"))
        body = rest[:length] if len(rest) >= length else None
    if body is None:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    url = origin + target if target.startswith("/") else target
    return Request(method, url, headers, body)


def _unchunked(data: bytes) -> bytes | None:
    """Return the body of a chunked request, or None if the last chunk is missing."""
    body = b""
    while True:
        size_line, end, data = data.partition(b"\r\n")
        if not end:
            return None
        size = int(size_line.partition(b";")[0], 16)
        if size == 0:
            return body if data.endswith(b"\r\n") else None
        if len(data) < size + 2:
            return None
        body, data = body + data[:size], data[size + 2 :]


def to_bytes(response: Response, method: str) -> bytes:
    """Return a response as bytes. It closes the connection, because no connection may outlive the double."""
    body = response.body.encode() if isinstance(response.body, str) else response.body
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != HTTPStatus.NO_CONTENT and response.header("content-length") is None:
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1", "replace") + _END_OF_HEAD
    return head if method == "HEAD" else head + body
