"""Media files: the ones that a test adds to the fake, and small valid ones for all other URLs."""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

_MB: Final = 1024 * 1024
#: The most bytes of a message's media in total. A single file may be this large if it has one of the ``FORMATTED``
#: types, which the vendor formats for handsets. See "Accepted content types" at
#: https://www.twilio.com/docs/messaging/guides/accepted-mime-types
MOST_BYTES: Final = 5 * _MB
FORMATTED: Final = frozenset({"image/jpeg", "image/png", "image/gif"})
#: The most bytes of a file of any other type; see ``media_url`` on the vendor's page about creating messages.
MOST_OTHER_BYTES: Final = 500 * 1024
#: The most bytes of a message's media in total on WhatsApp; see https://www.twilio.com/docs/api/errors/11751
MOST_CHANNEL_BYTES: Final = 16 * _MB

#: The content type for each file extension. The standard library's table differs between machines.
TYPES_BY_EXTENSION: Final[Mapping[str, str]] = MappingProxyType(
    {
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "png": "image/png",
        "gif": "image/gif",
        "webp": "image/webp",
        "mp3": "audio/mpeg",
        "ogg": "audio/ogg",
        "amr": "audio/amr",
        "mp4": "video/mp4",
        "3gp": "video/3gpp",
        "pdf": "application/pdf",
        "vcf": "text/vcard",
        "ics": "text/calendar",
        "csv": "text/csv",
        "txt": "text/plain",
    }
)
#: The content type if the URL has no known extension, because most media have this type.
USUAL_TYPE: Final = "image/jpeg"

#: The smallest valid file of each type, such as an image of one pixel. Types that are not listed get an empty file.
_SMALLEST: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "image/gif": b64decode("R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=="),
        "image/jpeg": b64decode(
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
            "////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z"
        ),
        "image/png": b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
        ),
        "image/webp": b64decode("UklGRhwAAABXRUJQVlA4TA8AAAAvAAAAAAcQ/Y/+ByKi/wEA"),
        "application/pdf": (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 1 1]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        ),
        "text/vcard": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Somebody\r\nN:;Somebody;;;\r\nEND:VCARD\r\n",
    }
)


_OFFICE: Final = "vnd.openxmlformats-officedocument"
#: The types that the vendor accepts, by family; see https://www.twilio.com/docs/messaging/guides/accepted-mime-types
_ACCEPTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application": (
            "msword", "pdf", "vcard", "vnd.apple.pkpass", "vnd.ms-excel", "vnd.ms-powerpoint",
            f"{_OFFICE}.presentationml.presentation", f"{_OFFICE}.spreadsheetml.sheet",
            f"{_OFFICE}.wordprocessingml.document",
        ),
        "audio": (
            "3gpp", "3gpp2", "aac", "ac3", "amr", "amr-nb", "basic", "l24", "mp4", "mpeg", "ogg", "vnd.rn-realaudio",
            "vnd.wave", "vorbis", "webm",
        ),
        "image": ("bmp", "gif", "heic", "heif", "jpeg", "jpg", "png", "tiff", "webp"),
        "text": ("calendar", "csv", "directory", "richtext", "rtf", "vcard", "x-vcard"),
        "video": (
            "3gpp", "3gpp-tt", "3gpp2", "h261", "h263", "h263-1998", "h263-2000", "h264", "mp4", "mpeg", "mpeg4",
            "quicktime", "webm",
        ),
    }
)  # fmt: skip


#: A content type that a header can hold: without control characters.
_CONTENT_TYPE: Final = re.compile(r"(?=\S)[^\x00-\x1f\x7f-\x9f]{1,256}")


@dataclass(frozen=True, slots=True)
class File:
    """A media file: its bytes, its content type, and the HTTP status of the response at its URL.

    Raises:
        ValueError: The content type cannot be a header of that response.
    """

    content: bytes
    content_type: str
    status: int = 200

    def __post_init__(self) -> None:
        if not _CONTENT_TYPE.fullmatch(self.content_type):
            raise ValueError(f'A content type is a text such as "image/png", not {self.content_type!r}.')

    @property
    def is_accepted(self) -> bool:
        """True if the vendor accepts files of this type."""
        family, _, subtype = self.content_type.partition(";")[0].strip().lower().partition("/")
        return subtype in _ACCEPTED.get(family, ())


class Files:
    """The files behind media URLs. The fake never fetches a URL."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: dict[str, File] = {}

    def set(self, url: str, file: File) -> None:
        """Set the file behind a URL."""
        self._given[url] = file

    def get(self, url: str) -> File:
        """Return the file that a test set for a URL, else the smallest valid file of the URL's type."""
        return self._given.get(url) or smallest_file(content_type_of(url))


def exceeds_limits(files: Iterable[File], channel: str | None) -> bool:
    """True if one of a message's files is too large to send, or all of them together are."""
    sizes = [(len(file.content), file.content_type) for file in files]
    if channel:
        return sum(size for size, _ in sizes) > MOST_CHANNEL_BYTES
    return sum(size for size, _ in sizes) > MOST_BYTES or any(
        size > MOST_OTHER_BYTES and kind not in FORMATTED for size, kind in sizes
    )


def content_type_of(url: str) -> str:
    """Return the content type for a URL, by the extension in its path."""
    _, dot, extension = urlsplit(url).path.rpartition("/")[2].rpartition(".")
    return TYPES_BY_EXTENSION.get(extension.lower(), USUAL_TYPE) if dot else USUAL_TYPE


def smallest_file(content_type: str) -> File:
    """Return the smallest valid file of a content type."""
    return File(_SMALLEST.get(content_type, b""), content_type)
