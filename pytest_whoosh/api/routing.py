"""Routes each request to the function that answers it, or to an error."""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.caching import cached
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.hosts import HOME_REGION, TWILIO_API_HOST, is_cdn, label_of
from pytest_whoosh.engine.http import NetworkFault, Request, Response, without_version
from pytest_whoosh.engine.limits import LARGEST_REQUEST
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.misuse import WhooshNotFakedError, is_usage_error
from pytest_whoosh.engine.rules.calls import CallRule
from pytest_whoosh.engine.sids import Prefix, is_sid, sid_pattern
from pytest_whoosh.engine.vendor import Vendor

from . import cdn, xml
from .documented import is_documented, nearest_path, not_faked

__tracebackhide__ = is_usage_error

PLAIN_HTTP: Final = "The API is served over HTTPS only; unencrypted HTTP is not supported. Call https://{host} instead."

#: The headers of every response, as the live API sends them.
HEADERS: Final = MappingProxyType(
    {
        "Content-Type": "application/json;charset=utf-8",
        "Vary": "Origin",
        "Twilio-Request-Duration": "0.143",
        "Twilio-Concurrent-Requests": "1",
        "X-Home-Region": HOME_REGION,
        "X-API-Domain": TWILIO_API_HOST,
        "X-Powered-By": "AT-5000",
        "X-Shenanigans": "none",
        "Strict-Transport-Security": "max-age=31536000",
    }
)
#: The headers for cross-origin requests, which have the Origin header of a browser. Other clients don't read them, and
#: parsing each header costs a library more time than the fake needs to create it.
CROSS_ORIGIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": (
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, "
            "Idempotency-Key"
        ),
        "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
        "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Allow-Credentials": "true",
    }
)
_ORIGIN: Final = frozenset({"Origin", "origin"})
#: The header with the error code. Only error responses have it.
ERROR_CODE: Final = "X-Twilio-Error-Code"
#: The headers that an error adds, by its HTTP status.
ERROR_HEADERS: Final[Mapping[int, Mapping[str, str]]] = MappingProxyType(
    {401: {"WWW-Authenticate": 'Basic realm="Twilio API"'}, 429: {"Retry-After": "1"}}
)

_FORMATS: Final = frozenset({"json", "xml"})
#: The characters of a placeholder for an account SID.
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]+")
_2010: Final = "/2010-04-01/"


@dataclass(slots=True)
class Call:
    """An API call, as its handler receives it."""

    vendor: Vendor
    account: Account
    request: Request
    #: The path's extension: ``"json"``, ``"xml"`` or an empty text.
    extension: str = "json"

    def not_found(self) -> ApiError:
        """Return the error for a path that names nothing."""
        return _not_found_error(self.request)


@dataclass(slots=True)
class ApiResult:
    """A handler's result: a document, its HTTP status, and the SID of the resource that the call was about."""

    document: Mapping[str, object] | None
    status: int = 200
    sid: str | None = None
    headers: Mapping[str, str] | None = None
    #: The name of the document's element in XML.
    element: str = "RestException"


#: A function that handles an operation. It takes the call, and the values in the path by name.
Handler: TypeAlias = Callable[..., ApiResult | Response]


class Route(NamedTuple):
    """A method, a path and their handler."""

    method: str
    path: str
    handler: Handler
    #: True if the call needs no credentials, because its URL or body has them.
    signed: bool = False
    #: True if suspended and closed accounts can use the operation.
    any_status: bool = False
    #: Returns the message that a call would create, because a test's rules match messages.
    preview: "Callable[[Call], Message] | None" = None


H = TypeVar("H", bound=Handler)


class Routes:
    """The routes of one resource."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, path: str, *, signed: bool = False, any_status: bool = False) -> Callable[[H], H]:
        """Route GET requests of a path to the decorated function; see :class:`Route` for the options."""
        return self._route("GET", path, signed=signed, any_status=any_status)

    def head(self, path: str) -> Callable[[H], H]:
        """Route HEAD requests of a path to the decorated function."""
        return self._route("HEAD", path)

    def post(
        self,
        path: str,
        *,
        signed: bool = False,
        any_status: bool = False,
        preview: "Callable[[Call], Message] | None" = None,
    ) -> Callable[[H], H]:
        """Route POST requests of a path to the decorated function; see :class:`Route` for the options."""
        return self._route("POST", path, signed=signed, any_status=any_status, preview=preview)

    def put(self, path: str) -> Callable[[H], H]:
        """Route PUT requests of a path to the decorated function."""
        return self._route("PUT", path)

    def delete(self, path: str) -> Callable[[H], H]:
        """Route DELETE requests of a path to the decorated function."""
        return self._route("DELETE", path)

    def _route(self, method: str, path: str, **options: Any) -> Callable[[H], H]:
        def keep(handler: H) -> H:
            self._routes.append(Route(method, self._base + path, handler, **options))
            return handler

        return keep


class Product:
    """A product of the vendor's: the routes of its hosts.

    Args:
        load: returns the routes of the product's resources. It imports their modules when the first call comes, because
            most apps use one product.
        mocks_first: True if the user's own mocks answer rather than the fake.
    """

    def __init__(self, load: Callable[[], tuple[Routes, ...]], *, mocks_first: bool = False) -> None:
        self._load = load
        self.mocks_first = mocks_first
        self._walked = cached(256)(self._walk)  # apps call few paths, often

    @cached_property
    def routes(self) -> tuple[Routes, ...]:
        """The routes of the product's resources."""
        return self._load()

    @cached_property
    def tree(self) -> "_Node":
        """The product's paths, as a tree of their segments."""
        return _build_tree(self.routes)

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """Return a path's routes by method, and the values in it; None if the product has no such path."""
        found = self._walked(path)
        return (found[0], found[1].copy()) if found else None

    def _walk(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        node = self.tree
        values: dict[str, str] = {}
        for segment in path.strip("/").split("/"):
            following = node.literal.get(segment)
            if following is None:
                if node.parameter is None:
                    return None
                name, following = node.parameter
                values[name] = segment
            node = following
        return (node.routes, values) if node.routes else None


@dataclass(slots=True)
class _Node:
    """One segment of the known paths: the segments that can follow it, and the routes that end here, by method."""

    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: tuple[str, "_Node"] | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Finds the route for a request. It takes one step for each segment of the path."""

    def __init__(self, products: Mapping[str, Product]) -> None:
        self._products = products

    def find(self, product: str, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """Return a path's routes by method, and the values in it; None if no faked product has such a path."""
        return self._products[product].find(path) if product in self._products else None

    def __contains__(self, product: str) -> bool:
        """True if a product is faked."""
        return product in self._products

    def asks_mocks_first(self, product: str) -> bool:
        """True if the user's own mocks answer calls to a product rather than the fake: it is not faked, or says so."""
        return product not in self._products or self._products[product].mocks_first

    @property
    def products(self) -> list[str]:
        """The products that are faked."""
        return list(self._products)

    def paths(self, product: str) -> list[str]:
        """Return the paths of a product, with the names of their values in braces."""
        return list(dict.fromkeys(route.path for routes in self._products[product].routes for route in routes))


def _build_tree(routes: Iterable[Routes]) -> _Node:
    root = _Node()
    for route in (route for each in routes for route in each):
        node = root
        for segment in route.path.strip("/").split("/"):
            if not segment.startswith("{"):
                node = node.literal.setdefault(segment, _Node())
                continue
            if node.parameter is None:
                node.parameter = (segment.strip("{}"), _Node())
            node = node.parameter[1]
        node.routes[route.method] = route
    return root


@cached(256)
def split_extension(path: str) -> tuple[str, str]:
    """Return a path without its extension, and the requested format.

    The 2010 API responds in XML unless the path ends in ``.json``. The other APIs only have JSON.
    """
    if not path.startswith(_2010):
        return path, "json"
    stem, dot, extension = path.rpartition(".")
    if dot and extension in _FORMATS:
        return stem, extension
    return path, ""


#: An app calls few hosts, often.
_is_cdn: Final = cached(64)(is_cdn)
_label_of: Final = cached(64)(label_of)


def dispatch(vendor: Vendor, router: Router, request: Request) -> Response:
    """Answer a request: by a rule of the test if one matches, else by its handler."""
    path, extension = split_extension(request.path)
    error: ApiError | None = None
    rule: CallRule | None = None
    vendor.record_host(request)
    try:
        if request.scheme != "https":
            raise NetworkFault("refused", text=PLAIN_HTTP.format(host=request.host))
        if len(request.body) > LARGEST_REQUEST:
            raise ApiError(
                20413, why=f"its body has {len(request.body):,} bytes; more than {LARGEST_REQUEST:,} are not read"
            )
        if vendor.rules.calls:
            rule = _scripted(vendor, router, request, path, extension)
        if rule:
            result: ApiResult | Response = _scripted_response(rule, vendor, router, request, path, extension)
        else:
            result = _own_result(vendor, router, request, path, extension)
    except ApiError as refusal:
        error = refusal
        headers = {ERROR_CODE: str(error.code), **ERROR_HEADERS.get(error.status, {}), **error.headers}
        result = ApiResult(error.document(), error.status, headers=headers)
    except (NetworkFault, WhooshNotFakedError) as fault:
        vendor.record_call(request, fault, rule=rule)
        raise
    response = result if isinstance(result, Response) else _render(vendor, request, result, extension)
    vendor.record_call(request, response, error, None if isinstance(result, Response) else result.sid, rule)
    return response


def may_be_mocked(vendor: Vendor, router: Router, request: Request) -> bool:
    """True if the user's own mocks answer before the fake: for calls that are not faked, Lookup and Verify."""
    if _is_cdn(request.host) or (vendor.rules.calls and vendor.rules.rule_for(request)):
        return False
    product = _label_of(request.host)
    if router.asks_mocks_first(product):
        return True
    path, _ = split_extension(request.path)
    found = router.find(product, path)
    return (found is None or request.method not in found[0]) and is_documented(product, request.method, path)


def _own_result(vendor: Vendor, router: Router, request: Request, path: str, extension: str) -> ApiResult | Response:
    """Answer a request that no rule of ``whoosh.when_called`` answers."""
    if _is_cdn(request.host):
        return cdn.serve(vendor, request)
    route, call, values = _find_route(vendor, router, request, path, extension)
    if vendor.concurrency:
        vendor.concurrency.start(request, call.account.sid)
    if not call.account.is_active and not route.any_status:
        raise ApiError(20005)
    return route.handler(call, **values)


def _find_route(
    vendor: Vendor, router: Router, request: Request, path: str, extension: str
) -> tuple[Route, Call, dict[str, str]]:
    """Return the route for a request, the authenticated call, and the values in its path."""
    product = _label_of(request.host)
    found = router.find(product, path)
    if found is None and product not in router:
        raise _not_faked_error(vendor, request)
    routes, values = found or ({}, {})
    route = routes.get(request.method)
    if route is None and vendor.settings.unfaked == "refuse" and is_documented(product, request.method, path):
        raise _not_faked_error(vendor, request, router.paths(product))
    caller = vendor.account if route and route.signed else _authenticate(vendor, request)
    if found is None:
        nearest = nearest_path(request.path, router.paths(product))
        raise _not_found_error(request, why=f"no such path; the nearest one is {nearest}" if nearest else None)
    if route is None:
        raise ApiError(20004)
    account = _account_for(vendor, caller, request, values.pop("account_sid", None))
    return route, Call(vendor, account, request, extension), values


def _scripted(vendor: Vendor, router: Router, request: Request, path: str, extension: str) -> CallRule | None:
    """Return the rule that answers a request, unless a newer rule applies to the message that it creates."""
    rules = vendor.rules
    rule = rules.rule_for(request)
    if rule and rules.has_newer_message_rule(rule):
        with suppress(ApiError, WhooshNotFakedError):  # a refused call creates no message
            route, call, _ = _find_route(vendor, router, request, path, extension)
            if route.preview and rules.newer_rule_decides(rule, route.preview(call)):
                return None
    return rule


def _scripted_response(
    rule: CallRule, vendor: Vendor, router: Router, request: Request, path: str, extension: str
) -> Response:
    """Return or raise a rule's answer. If only the response is lost, carry out the call first."""
    if rule._answer and rule._answer.carried_out:
        with suppress(ApiError, WhooshNotFakedError):  # an error response is lost as well
            _own_result(vendor, router, request, path, extension)
    return rule._respond_to(request)


def _not_found_error(request: Request, *, why: str | None = None) -> ApiError:
    """Return the error for an unknown path. All APIs except 2010 show the path without its version."""
    return ApiError(20404, {"path": without_version(request.path)}, why=why)


def _not_faked_error(vendor: Vendor, request: Request, faked: Iterable[str] = ()) -> Exception:
    """Return the error for a call that is not faked: an error of the test, or a 404 with ``unfaked="404"``."""
    return _not_found_error(request) if vendor.settings.unfaked == "404" else not_faked(request, faked)


def _account_for(vendor: Vendor, caller: Account, request: Request, sid: str | None) -> Account:
    """Return the account that a path names, or the caller's account if it names none."""
    if sid is None or sid == caller.sid:
        return caller
    if not is_sid(sid, Prefix.ACCOUNT) and (vendor.settings.credentials == "exact" or not _is_placeholder(sid)):
        raise _not_found_error(request)
    account = vendor.account_named(sid)
    if account is None or not vendor.may_access(caller, account):
        raise _unauthorized_error(request, _INVALID_USER, "Authenticate")
    return account


def _is_placeholder(sid: str) -> bool:
    """True if a text is a placeholder for an account SID in test settings, such as ``test``. Other SIDs are not."""
    return _WORD.fullmatch(sid) is not None and not sid_pattern().fullmatch(sid)


def _authenticate(vendor: Vendor, request: Request) -> Account:
    """Return the account that a request's credentials belong to."""
    header = request.header("Authorization") or ""
    given = _basic_credentials(header)
    if given is None:
        token = _BEARER.fullmatch(header)
        if token is None:
            raise _unauthorized_error(request, _NO_CREDENTIALS, _NO_CREDENTIALS)
        caller = vendor.account_of_bearer(token[1])
        if caller is None:
            raise _unauthorized_error(request, _INVALID_USER, "Authenticate")
        return caller
    caller = vendor.account_of_credentials(*given)
    if caller is None:
        known = is_sid(given[0], Prefix.ACCOUNT) or is_sid(given[0], Prefix.API_KEY)
        raise _unauthorized_error(request, _INVALID_USER, "Authenticate" if known else _INVALID_USER)
    return caller


_BEARER: Final = re.compile(r"bearer +([^\s]+)\s*", re.IGNORECASE)
_NO_CREDENTIALS: Final = "Authentication Error - No credentials provided"
_INVALID_USER: Final = "Authentication Error - invalid username"


def _unauthorized_error(request: Request, message: str, message_2010: str) -> ApiError:
    """Return the error for wrong credentials. The 2010 API has its own texts and no detail."""
    if request.path.startswith(_2010):
        return ApiError(20003, message=message_2010)
    return ApiError(20003, message=message, detail="Your AccountSid or AuthToken was incorrect.")


@cached(64)
def _basic_credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded, validate=True).decode("utf-8", "replace").partition(":")
    except (NotBase64, ValueError):
        return None
    return (user, password) if colon and user else None


#: Faster than ``json.dumps``, because no document contains itself.
_to_json: Final = json.JSONEncoder(check_circular=False).encode


def _render(vendor: Vendor, request: Request, result: ApiResult, extension: str) -> Response:
    request_id = (
        Prefix.REQUEST + result.sid[2:] if result.sid and result.status == 201 else vendor.sids.new(Prefix.REQUEST)
    )
    headers = HEADERS | {"Twilio-Request-Id": request_id}
    if vendor.concurrency:
        headers["Twilio-Concurrent-Requests"] = str(vendor.concurrency.load_at_start(request))
    if not _ORIGIN.isdisjoint(request.headers):
        headers |= CROSS_ORIGIN
    if result.headers:
        headers |= result.headers
    if result.document is None:
        return Response(result.status, headers)
    if extension == "json":
        return Response(result.status, headers, _to_json(result.document))
    headers["Content-Type"] = "application/xml"
    return Response(result.status, headers, xml.document(result.element, result.document))
