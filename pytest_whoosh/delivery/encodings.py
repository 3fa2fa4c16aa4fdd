"""Decodes the bodies of answers that an app compressed, though nobody asked for it."""

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .failures import LONGEST_ANSWER, broke_protocol

_GZIP: Final = 16 + zlib.MAX_WBITS
#: The most encodings, one applied to the other, that an answer may have.
_MOST: Final = 4
#: So much compressed text is given to a library at once that cannot be told where to stop.
_PIECE: Final = 64


def decoded(body: bytes, content_encoding: str | None) -> bytes:
    """Return the body of an answer without its encodings, cut off where the vendor stops reading.

    Raises:
        DeliveryFailed: the body is not what its ``Content-Encoding`` says, or the encoding is unknown.
    """
    if not content_encoding or not body:
        return body
    encodings = [name for each in content_encoding.split(",") if (name := each.strip().lower()) not in ("", "identity")]
    if len(encodings) > _MOST:
        raise broke_protocol(f"the app's answer has {len(encodings)} encodings, one applied to the other")
    for name in reversed(encodings):
        decode = _DECODERS.get(name)
        if decode is None:
            raise broke_protocol(
                f"the app's answer has the Content-Encoding {name!r}, and only gzip, deflate and br are read"
            )
        try:
            body = decode(body)
        except (zlib.error, ValueError) as problem:
            raise broke_protocol(
                f"the app's answer is not {name}, as its Content-Encoding says: {problem}"
            ) from problem
    return body


def _gunzip(body: bytes) -> bytes:
    plain = b""
    while body and len(plain) < LONGEST_ANSWER:  # one file after the other is one text
        file = zlib.decompressobj(_GZIP)
        plain += file.decompress(body, LONGEST_ANSWER - len(plain))
        body = file.unused_data
    return plain


def _inflate(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, LONGEST_ANSWER)
    except zlib.error:  # without zlib's header, as some servers send it
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, LONGEST_ANSWER)


def _unbrotli(body: bytes) -> bytes:
    brotli = _brotli()
    decompressor = brotli.Decompressor()
    try:
        try:
            return bytes(decompressor.process(body, output_buffer_limit=LONGEST_ANSWER))[:LONGEST_ANSWER]
        except TypeError:  # before version 1.2
            decompressor = brotli.Decompressor()
        plain = b""
        for start in range(0, len(body), _PIECE):
            plain += decompressor.process(body[start : start + _PIECE])
            if len(plain) >= LONGEST_ANSWER:
                break
        return plain[:LONGEST_ANSWER]
    except brotli.error as problem:
        raise ValueError(problem) from problem


def _brotli() -> Any:
    try:
        import brotli
    except ImportError:
        try:
            import brotlicffi as brotli
        except ImportError:
            raise broke_protocol(
                "the app's answer has the Content-Encoding 'br': install brotli to have it read"
            ) from None
    return brotli


_DECODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _inflate, "br": _unbrotli}
)
