"""Decodes the bodies of compressed responses. Webhooks do not ask for compression, but some apps compress anyway."""

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .failures import LONGEST_RESPONSE, broke_protocol

_GZIP: Final = 16 + zlib.MAX_WBITS
#: The most encodings that a response may combine.
_MOST_ENCODINGS: Final = 4
#: The number of bytes that are decompressed at once by a library without an output limit.
_PIECE_SIZE: Final = 64


def decoded(body: bytes, content_encoding: str | None) -> bytes:
    """Return the decoded body of a response, cut off at the limit of what is kept.

    Raises:
        DeliveryFailed: The body does not have the encoding of its ``Content-Encoding``, or the encoding is unknown.
    """
    if not content_encoding or not body:
        return body
    encodings = [name for each in content_encoding.split(",") if (name := each.strip().lower()) not in ("", "identity")]
    if len(encodings) > _MOST_ENCODINGS:
        raise broke_protocol(
            f"the app's response combines {len(encodings)} encodings, and {_MOST_ENCODINGS} are allowed"
        )
    for name in reversed(encodings):
        decode = _DECODERS.get(name)
        if decode is None:
            raise broke_protocol(
                f"the app's response has the Content-Encoding {name!r}, and only gzip, deflate and br are decoded"
            )
        try:
            body = decode(body)
        except (zlib.error, ValueError) as problem:
            raise broke_protocol(
                f"the app's response has the Content-Encoding {name!r} but cannot be decoded: {problem}"
            ) from problem
    return body


def _gunzip(body: bytes) -> bytes:
    plain = b""
    while body and len(plain) < LONGEST_RESPONSE:  # a body may consist of several gzip files
        file = zlib.decompressobj(_GZIP)
        plain += file.decompress(body, LONGEST_RESPONSE - len(plain))
        body = file.unused_data
    return plain


def _inflate(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, LONGEST_RESPONSE)
    except zlib.error:  # some servers omit the zlib header
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, LONGEST_RESPONSE)


def _unbrotli(body: bytes) -> bytes:
    brotli = _brotli()
    decompressor = brotli.Decompressor()
    try:
        try:
            return bytes(decompressor.process(body, output_buffer_limit=LONGEST_RESPONSE))[:LONGEST_RESPONSE]
        except TypeError:  # before version 1.2
            decompressor = brotli.Decompressor()
        plain = b""
        for start in range(0, len(body), _PIECE_SIZE):
            plain += decompressor.process(body[start : start + _PIECE_SIZE])
            if len(plain) >= LONGEST_RESPONSE:
                break
        return plain[:LONGEST_RESPONSE]
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
                "the app's response has the Content-Encoding 'br': install brotli to decode it"
            ) from None
    return brotli


_DECODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _inflate, "br": _unbrotli}
)
