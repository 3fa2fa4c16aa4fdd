"""API errors with which the vendor refuses requests, and texts for tests that use the double wrongly."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from .dialect import dialect
from .error_codes import TITLES
from .misuse import did_you_mean, is_usage_error

__tracebackhide__ = is_usage_error

MORE_INFO: Final = "https://www.twilio.com/docs/errors/{code}"


class Refusal(NamedTuple):
    """The API error for a code: its HTTP status, and its text if that differs from the code's title.

    Placeholders such as ``{to}``, ``{from_}`` and ``{path}`` are filled in from the request. Like the vendor, ``to``
    hides its last four digits.
    """

    status: int = 400
    text: str | None = None


#: The HTTP status and text of each code that has a status other than 400, or a text other than its title. Both the
#: fake's own errors and ``.reject(code)`` read this table.
REFUSALS: Final[Mapping[int, Refusal]] = MappingProxyType(
    {
        20003: Refusal(401, "Authenticate"),
        322402: Refusal(401),
        20004: Refusal(405),
        20005: Refusal(403),
        20006: Refusal(403),
        20008: Refusal(403),
        20009: Refusal(409),
        20403: Refusal(403),
        20404: Refusal(404, "The requested resource {path} was not found"),
        20409: Refusal(409),
        20410: Refusal(410),
        20413: Refusal(413),
        20426: Refusal(426),
        20429: Refusal(429),
        20500: Refusal(500),
        20503: Refusal(503, "Service is unavailable, please try again"),
        21211: Refusal(text="Invalid 'To' Phone Number: {to}"),
        21212: Refusal(text="Invalid From Number (caller ID): {from_}"),
        21265: Refusal(text="'To' number cannot be a Short Code: {to}"),
        21408: Refusal(
            text="Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}"
        ),
        21602: Refusal(text="Message body is required."),
        21604: Refusal(text="A 'To' phone number is required."),
        21606: Refusal(
            text="The 'From' phone number provided ({from_}) is not a valid message-capable Twilio phone number for "
            "this destination"
        ),
        21608: Refusal(
            text="The number {to} is unverified. Trial accounts cannot send messages to unverified numbers; verify "
            "{to} at twilio.com/user/account/phone-numbers/verified, or purchase a Twilio number to send messages to "
            "unverified numbers"
        ),
        21609: Refusal(text="The 'StatusCallback' URL {url} is not a valid URL"),
        21611: Refusal(429, "SMS queue is full."),
        21612: Refusal(
            text="Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' ({from_}) parameters"
        ),
        21617: Refusal(text="The concatenated message body exceeds the 1600 character limit."),
        21656: Refusal(text="The Content Variables parameter is invalid."),
        21659: Refusal(text="'From' {from_} is not a Twilio phone number or Short Code country mismatch"),
        21660: Refusal(text="Mismatch between the 'From' number {from_} and the account {account_sid}"),
        21701: Refusal(404),
        21705: Refusal(text="The Messaging Service Sid {service_sid} is invalid."),
        21710: Refusal(409, "Phone Number or Short Code is already in the Messaging Service."),
        21712: Refusal(409, "Phone Number or Short Code is associated with another Messaging Service."),
        21714: Refusal(412, "Number Pool size limit reached"),
        21910: Refusal(text="Invalid From and To pair. From and To should be of the same channel"),
        30404: Refusal(404),
        30409: Refusal(409),
        60200: Refusal(text="Invalid parameter: {parameter}"),
        60202: Refusal(429),
        60203: Refusal(429),
        60204: Refusal(403),
        60205: Refusal(403),
        60208: Refusal(409),
        60211: Refusal(409),
        60212: Refusal(429),
        60410: Refusal(403),
        35111: Refusal(text="SendAt cannot be empty for ScheduleType 'fixed'"),
        35114: Refusal(
            text="SendAt time must be between {least:.0f} seconds and 35 days (3024000 seconds) in the future"
        ),
        63038: Refusal(429),
    }
)

_PLAIN: Final = Refusal()

#: The HTTP statuses that people take for error codes.
_HTTP_ERRORS: Final = range(400, 600)
_LONGEST_TITLE: Final = 60
#: The most valid names that are listed beside a suggestion.
_MOST_NAMES: Final = 12


class ApiError(Exception):
    """A refused request. It becomes the vendor's error document with this code, status and text.

    ``texts`` fill the placeholders of the code's text. A ``message`` replaces the whole text, and a ``detail`` is added
    to the document. ``headers`` are added to the response. ``why`` is a reason that the vendor does not give; only the
    test's reports show it.
    """

    def __init__(
        self,
        code: int,
        texts: Mapping[str, object] = MappingProxyType({}),
        *,
        status: int | None = None,
        message: str | None = None,
        detail: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        why: str | None = None,
    ) -> None:
        refusal = REFUSALS.get(code, _PLAIN)
        self.code = code
        self.status = refusal.status if status is None else status
        self.headers = headers
        self.message = message or (refusal.text or TITLES[code]).format_map(_Texts(texts))
        self.detail = detail
        self.why = why
        super().__init__(f"{code}: {self.message}")

    def document(self) -> dict[str, object]:
        """Return the error document: exactly the four keys that the vendor sends, and the detail if it has one.

        See https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions
        """
        detail = {"detail": self.detail} if self.detail else {}
        return {
            "code": self.code,
            "message": self.message,
            "more_info": MORE_INFO.format(code=self.code),
            "status": self.status,
            **detail,
        }


class _Texts(dict[str, object]):
    """Leaves a placeholder empty if it has no text, which happens for a scripted refusal."""

    def __missing__(self, name: str) -> object:
        return 0 if name == "least" else ""


def title_of(code: int) -> str:
    """Return the catalogue's title of a code."""
    return TITLES[code]


def status_of(code: int) -> int:
    """Return the HTTP status with which the vendor refuses a request for this code."""
    return REFUSALS.get(code, _PLAIN).status


def require_known(code: object, message: str | None, method: str) -> None:
    """Raise if the catalogue lacks a code and no ``message`` gives its text. The error names the nearest known codes.

    ``method`` is the name of the method that was called with the code.
    """
    if isinstance(code, bool) or not isinstance(code, int):
        raise TypeError(f"An error code is a number such as 30003, not {code!r}.")
    if message is not None and (not isinstance(message, str) or not message):
        raise TypeError(f"{dialect().keyword('message')} takes the text of error {code}, not {message!r}.")
    if message is not None or code in TITLES:
        return
    near = sorted(
        (known for known in TITLES if _is_near(code, known)), key=lambda known: (_distance(code, known), known)
    )
    listed = "; ".join(f"{known} ({_shortened(TITLES[known])})" for known in near[:3])
    nearest = f" The nearest it knows: {listed}." if near else ""
    status = ""
    if method == "reject" and code in _HTTP_ERRORS:
        status = f" For HTTP status {code}: {dialect().rule('respond', {'status': code})}."
    raise ValueError(
        f"The catalogue of this package does not know the error code {code}.{nearest}{status} "
        f"If the vendor sends {code}, write its text too: {dialect().rule(method, {'code': code, 'message': '...'})}."
    )


def _shortened(title: str) -> str:
    """Return the beginning of a title, up to the end of a word."""
    if len(title) <= _LONGEST_TITLE:
        return title
    return f"{title[:_LONGEST_TITLE].rpartition(' ')[0]}…"


def _is_near(code: int, known: int) -> bool:
    """True if a code has most of its digits in common with a known one."""
    return _distance(code, known)[0] <= max(len(str(code)), len(str(known))) // 2


def _distance(code: int, known: int) -> tuple[int, int]:
    """Return how different two codes look. Differing digits count first: one wrong digit is the likeliest mistake."""
    one, other = str(code), str(known)
    if len(one) == len(other):
        slips = sum(digit != meant for digit, meant in zip(one, other, strict=True))
    else:
        likeness = difflib.SequenceMatcher(None, one, other).ratio()
        slips = round(max(len(one), len(other)) * (1 - likeness))
    return slips, abs(code - known)


def unknown_name(
    kind: str,
    given: object,
    valid: Iterable[str],
    synonyms: Mapping[str, str] = MappingProxyType({}),
    *,
    most: int = _MOST_NAMES,
) -> str:
    """Return the text that refuses an unknown name: the name that was probably meant, else the valid names.

    ``synonyms`` maps names that people may know from elsewhere to the right code here. ``most`` is the number of valid
    names that are listed beside a suggestion.
    """
    names = [str(name) for name in valid]
    meant = did_you_mean(given, names, synonyms) if isinstance(given, str) else ""
    if meant and len(names) > most:
        return f"Unknown {kind} {given!r}.{meant}"
    return f"Unknown {kind} {given!r}.{meant} Valid: {', '.join(names)}."
