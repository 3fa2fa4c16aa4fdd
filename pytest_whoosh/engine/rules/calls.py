"""Rules about API calls: ``whoosh.when_called("GET", "/Messages/*.json").respond(503)``."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeAlias
from urllib.parse import unquote, urlsplit

from pytest_whoosh.engine.addresses import mask_address, same_address
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.hosts import API_HOST, is_vendor, label_of
from pytest_whoosh.engine.http import Request, Response, parse_form, without_version
from pytest_whoosh.engine.messages.matching import is_function
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.sids import Prefix, is_sid
from pytest_whoosh.engine.timeline import require_aware

from .requests import ApiRequest
from .rule import BaseRule, Rule

__tracebackhide__ = is_usage_error

#: The methods that a rule can match. ``*`` matches all of them.
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_ANY: Final = "*"
#: The outcomes that only rules about messages have: their methods that return the rule.
_OF_MESSAGES: Final = frozenset(
    name for name, method in vars(Rule).items() if getattr(method, "__annotations__", {}).get("return") is Self
)

#: The spellings of a product's host. A compiled pattern can match any of them.
_SPELLINGS: Final = ("{}.twilio.com", "{}.whoosh.totogi.solutions", "{}.whoosh.totogidemos.com")
#: A host in the source of a compiled pattern, up to the slash that ends it.
_HOST_IN_PATTERN: Final = re.compile(r"https?\??://((?:[\w-]|\\?\.)+)(?=/|\\/|\$|$)")

#: Returns True if a rule's URL matches a request.
UrlTest: TypeAlias = Callable[[Request], bool]


class CallRule(BaseRule):
    """A rule of ``whoosh.when_called`` for matching API calls. The newest matching rule wins.

    Its outcome is the API's answer: ``respond``, ``reject``, ``rate_limit``, ``timeout`` or ``disconnect``.

    Attributes:
        match: The criteria of the rule, by name.
        calls: The requests that the rule answered, oldest first, as ``ApiRequest``.
    """

    _counted = "calls"

    def __init__(self, method: str, url: object, params: Mapping[str, object]) -> None:
        super().__init__({"method": method, "url": url, **params})
        self._method = _read_method(method, url)
        self._url, in_url = _read_url(url)
        self._params = [(_normal_name(name), _values_test(expected, name)) for name, expected in params.items()]
        self._params += [(_normal_name(name), _values_test(values, name)) for name, values in in_url.items()]
        #: The requests that the rule has answered, oldest first.
        self.calls: list[ApiRequest] = []

    @property
    def _written(self) -> str:
        """The rule as the test wrote it, without its outcome."""
        params = dict(self.match)
        return dialect().when_called(str(params.pop("method")), params.pop("url"), params)

    if not TYPE_CHECKING:  # a type checker finds misspelt names itself

        def __getattr__(self, name: str) -> NoReturn:
            if name in _OF_MESSAGES:
                raise _OfMessagesOnly(
                    f"{dialect().method(name)} scripts a message's journey, and {self._written} is a rule about "
                    f"API calls. Write {dialect().rule(name)} instead."
                )
            super().__getattr__(name)

    # For the engine

    def _applies_to(self, request: Request) -> bool:
        """True if the rule answers a request."""
        if not self._answer or self._left == 0 or self._method not in (_ANY, request.method):
            return False
        if not self._url(request):
            return False
        return not self._params or _params_match(self._params, request)

    def _respond_to(self, request: Request) -> Response:
        """Return or raise the scripted answer to a request, and count it."""
        assert self._answer
        self._use()
        self.calls.append(ApiRequest(request))
        return self._answer.give(request, lambda: _texts(request))


class _OfMessagesOnly(WhooshError, AttributeError):
    """A rule about API calls does not have this outcome."""

    __module__ = WhooshError.__module__  # what tracebacks show
    __qualname__ = WhooshError.__qualname__


_OfMessagesOnly.__name__ = WhooshError.__name__


# The URL


def _read_method(method: object, url: object) -> str:
    name = method.upper() if isinstance(method, str) else method
    if name not in (*METHODS, _ANY):
        if isinstance(method, str) and "/" in method:
            first = url if isinstance(url, str) and url.upper() in METHODS else "GET"
            raise ValueError(f"The HTTP method comes first: write {dialect().when_called(first, method, {})}.")
        raise ValueError(unknown_name("HTTP method", method, (*METHODS, _ANY)))
    return str(name)


def _read_url(url: object) -> "tuple[UrlTest, Mapping[str, list[str]]]":
    """Return the test for a request's URL, and the parameters in the rule's query string."""
    if isinstance(url, re.Pattern) and isinstance(url.pattern, str):
        return _pattern_test(url), {}
    if is_sid(sid := getattr(url, "sid", None), Prefix.SMS) or is_sid(sid, Prefix.MMS):
        own = f"/Messages/{sid}"
        return (lambda request: request.path.removesuffix(".json").removesuffix(".xml").endswith(own)), {}
    if not isinstance(url, str):
        raise TypeError(
            f'A URL is a text such as "https://lookups.twilio.com/v2/PhoneNumbers/*", a path such as '
            f'"/Messages/*.json", a compiled pattern or a message; not {url!r}.'
        )
    address, _, query = url.partition("?")
    if "://" in address:
        return _full_url_test(address), parse_form(query)
    if not address.startswith(("/", _ANY)):
        host = address.partition("/")[0]
        is_message = is_sid(url, Prefix.SMS) or is_sid(url, Prefix.MMS)
        meant = f"/Messages/{url}.json" if is_message else f"https://{url}" if is_vendor(host) else f"/{url}"
        raise ValueError(f'A URL begins with "https://" or, for the end of a path, with "/": write {meant!r}.')
    path = _compile_path(address)
    return (lambda request: path.search(unquote(request.path)) is not None), parse_form(query)


def _full_url_test(address: str) -> UrlTest:
    """Return the test for a full URL. It ignores the host family, region and edge."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    any_host = _ANY in host and not host.strip(_ANY + ".")
    if scheme != "https" or not (any_host or is_vendor(host)):
        right = f"https://{host if is_vendor(host) else API_HOST}{slash}{path}"
        raise ValueError(
            f"{address!r} is not a URL of the vendor. These start with https://, and their hosts end in "
            f"totogi.solutions, totogidemos.com or twilio.com. Write {right!r}, or the end of a path: {'/' + path!r}."
        )
    label = label_of(host) or _ANY
    whole = _compile_path(f"/{path}", whole=True)
    return lambda request: (
        (label == _ANY or label == label_of(request.host)) and whole.search(unquote(request.path) or "/") is not None
    )


def _compile_path(path: str, *, whole: bool = False) -> "re.Pattern[str]":
    """Compile a path with wildcards: ``*`` matches one segment or a part of it, ``**`` any number of segments."""
    parts = re.split(r"(\*+)", unquote(path))
    pattern = "".join(_wildcard(part) if part.startswith(_ANY) else re.escape(part) for part in parts)
    return re.compile(f"^{pattern}$" if whole else f"{pattern}$", re.DOTALL)


def _wildcard(stars: str) -> str:
    return "[^/]+" if len(stars) == 1 else ".*"


def _pattern_test(pattern: "re.Pattern[str]") -> UrlTest:
    found = _HOST_IN_PATTERN.search(pattern.pattern)
    host = found[1].replace("\\", "") if found else ""
    if found and not is_vendor(host):
        raise ValueError(
            f"{dialect().value(pattern)} matches no host of the vendor. Write a pattern for a host below "
            "totogi.solutions, totogidemos.com or twilio.com, or for the path only."
        )

    def search(request: Request) -> bool:
        if pattern.search(request.url):
            return True
        label, parts = label_of(request.host), urlsplit(request.url)
        spellings = (parts._replace(netloc=each.format(label)).geturl() for each in _SPELLINGS)
        return any(pattern.search(url) for url in spellings)

    return search


# The parameters


def _params_match(params: list[tuple[str, Callable[[Any], bool]]], request: Request) -> bool:
    """True if a request's form, query string or JSON document meets every criterion."""
    read = ApiRequest(request)
    document = read.json if isinstance(read.json, dict) else {}
    given: dict[str, list[Any]] = {}
    for fields in (read.query, read.form):
        for name, values in fields.items():
            given.setdefault(_normal_name(name), []).extend(values)
    for name, value in document.items():
        given.setdefault(_normal_name(name), []).extend(value if isinstance(value, list) else [value])
    return all(test(given.get(name, [])) for name, test in params)


def _normal_name(name: str) -> str:
    """Return a parameter's name in one spelling for all: the same for ``from_``, ``From`` and ``FROM``."""
    return name.replace("_", "").lower()


def _values_test(expected: object, name: str) -> Callable[[Any], bool]:
    """Return the test for a parameter's values. One value must match; a list must equal all values."""
    if isinstance(expected, list | tuple):
        texts = [_text(value) for value in expected]
        return lambda values: [_text(value) for value in values] == texts
    if expected is None:
        return lambda values: not values or values == [None]
    if isinstance(expected, re.Pattern):
        pattern = expected
        return lambda values: any(pattern.search(str(value)) for value in values if value is not None)
    if isinstance(expected, datetime):
        moment = require_aware(expected, name)
        return lambda values: any(_moment(value) == moment for value in values)
    if isinstance(expected, date):
        return lambda values: expected.isoformat() in values
    if is_function(expected):
        question = expected
        return lambda values: any(expected == value or question(value) for value in values)
    return lambda values: any(_value_equals(expected, value) for value in values)


def _value_equals(expected: Any, value: Any) -> bool:
    if expected == value:
        return True
    if isinstance(expected, str):
        return isinstance(value, str) and expected[:1].lower() in "+w(0123456789" and same_address(expected, value)
    return isinstance(expected, int | float | Decimal) and _text(expected) == _text(value)


def _moment(value: object) -> datetime | None:
    """Return the moment that a parameter names, or None if it names none."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at and at.replace(tzinfo=at.tzinfo or UTC)


def _text(value: object) -> object:
    """Return a value as it is written in a form."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float | Decimal) else value


# The texts


def _texts(request: Request) -> dict[str, object]:
    """Return the values for placeholders in the text of an API error about a request."""
    form = request.form

    def first(name: str) -> str:
        return form.get(name, [""])[0]

    account = re.search(r"/Accounts/([^/.]+)", request.path)
    return {
        "to": mask_address(first("To")) if first("To") else "",
        "from_": first("From") or first("MessagingServiceSid"),
        "path": without_version(request.path),
        "account_sid": account[1] if account else "",
        "service_sid": first("MessagingServiceSid"),
        "url": first("StatusCallback"),
    }
