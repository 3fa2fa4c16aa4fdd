"""Every endpoint of the fake on an account with one of each resource, and a valid call of each."""

import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from pytest_whoosh import Whoosh
from pytest_whoosh.api import PRODUCTS, all_routes
from pytest_whoosh.api.routing import Route
from pytest_whoosh.engine.http import Request, Response
from pytest_whoosh.engine.parameters import parameters_of
from pytest_whoosh.server.addressing import locate
from tests.conftest import PERSON, SENDER

LINK = "https://app.example/status"
PAGING = ("Page", "PageSize", "PageToken")
#: The parameters that handlers read besides those in the forms of their modules.
BY_HAND: Mapping[str, tuple[str, ...]] = {
    "messages.messages": ("To", "From", "MessagingServiceSid", "Status", "Body"),
    "services.services": ("PhoneNumberSid", "ShortCodeSid", "AlphaSender", "IsoCountryCode", "Sid"),
    "numbers": ("PhoneNumber", "AreaCode", "AccountSid"),
    "deactivations": ("Date", "Expires", "Signature"),
    "oauth": ("grant_type", "client_id", "client_secret"),
}
#: The members of the JSON documents that content templates are made of.
JSON_MEMBERS = ("friendly_name", "language", "variables", "types", "name", "category", "allow_category_change")
#: The members of the JSON documents of channel senders.
SENDER_MEMBERS = ("sender_id", "webhook", "configuration", "profile")


@dataclass(frozen=True)
class Endpoint:
    """A route, as a test calls it."""

    route: Route

    def __str__(self) -> str:
        return f"{self.route.method} {self.route.path}"

    @property
    def name(self) -> str:
        """The operation's name."""
        return f"{self.route.handler.__name__}{'_of_verify' * self.is_of_verify}"

    @property
    def module(self) -> str:
        """The name of the module that answers, below ``api``."""
        return self.route.handler.__module__.removeprefix("pytest_whoosh.api.")

    @property
    def label(self) -> str:
        """The product's label in a path of a server. Empty for the Messages API, which its paths identify."""
        labels = [label for label, product in PRODUCTS.items() if any(self.route in each for each in product.routes)]
        return f"/{labels[0]}" if len(labels) == 1 else ""

    @property
    def is_of_verify(self) -> bool:
        """True if the endpoint belongs to Verify. Some of its operations have the names of others."""
        return ".verify." in self.route.handler.__module__

    @property
    def takes_json(self) -> bool:
        """True if the endpoint takes JSON."""
        return self.module in ("content", "channel_senders")

    @property
    def is_below_another(self) -> bool:
        """True if the endpoint's resource belongs to another resource of the account."""
        return "{" in self.route.path.removeprefix("/2010-04-01/Accounts/{account_sid}")

    @property
    def parameters(self) -> list[str]:
        """The names of every parameter that its module knows; of one only, where there is nothing to ask for."""
        if self.name.startswith(("fetch_", "delete_", "refuse_")) and self.module != "deactivations":
            return ["Page"]
        if self.route.method == "GET":
            declared = (*BY_HAND.get(self.module, ()), *_declared(self.route.handler.__module__, "List"))
            return list(dict.fromkeys([*declared, *PAGING]))
        if self.takes_json:
            return list(JSON_MEMBERS if self.module == "content" else SENDER_MEMBERS)
        return list(dict.fromkeys([*BY_HAND.get(self.module, ()), *_declared(self.route.handler.__module__)]))


def _declared(module: str, kind: str = "") -> Iterator[str]:
    """Yield the parameters in the forms that a module declares or imports. The forms' names start with ``kind``."""
    modules = [sys.modules[module]]
    if module.endswith(".messages.messages"):  # its forms are in separate modules
        modules += [sys.modules[f"pytest_whoosh.api.messages.{name}"] for name in ("drafts", "listing")]
    for each in modules:
        for form in vars(each).values():
            if isinstance(form, type) and is_dataclass(form) and form.__name__.startswith(kind):
                yield from (parameter.name for parameter in parameters_of(form))


ENDPOINTS = [Endpoint(route) for routes in all_routes() for route in routes]


@dataclass(frozen=True)
class House:
    """A double with one of each resource."""

    whoosh: Whoosh
    #: The values in each operation's path.
    values: Mapping[str, Mapping[str, str]]
    #: The parameters of each operation. Operations that are missing here need none.
    sound: Mapping[str, Mapping[str, Any]]

    @property
    def authorization(self) -> str:
        """The header of a call with the account's own credentials."""
        return "Basic " + b64encode(f"{self.whoosh.api_key}:{self.whoosh.api_secret}".encode()).decode()

    def path(self, endpoint: Endpoint, extension: str = ".json") -> str:
        """Return the path of an endpoint, with the names of existing resources."""
        values = {"account_sid": self.whoosh.account_sid, **self.values.get(endpoint.name, {})}
        path = endpoint.route.path.format_map(_Filled({**self.values.get(endpoint.module, {}), **values}))
        return path + (extension if path.startswith("/2010") else "")

    def url(self, endpoint: Endpoint, extension: str = ".json") -> str:
        """Return the URL of an endpoint, with the names of existing resources."""
        target = endpoint.label + self.path(endpoint, extension)
        return locate(target, "localhost", scheme="https", local="localhost").url

    def parameters(self, endpoint: Endpoint) -> dict[str, Any]:
        """Valid parameters of the endpoint."""
        return dict(self.sound.get(endpoint.name, {}))

    def request(
        self, endpoint: Endpoint, parameters: Mapping[str, Any] | None = None, extension: str = ".json"
    ) -> Request:
        """Return a call with parameters of the right shape: in the query, in a form, or in JSON."""
        given = self.parameters(endpoint) if parameters is None else parameters
        url, headers, body = self.url(endpoint, extension), {"Authorization": self.authorization}, ""
        if endpoint.route.method in ("GET", "DELETE"):
            url += f"?{urlencode(given, doseq=True, errors='surrogatepass')}" if given else ""
        elif endpoint.takes_json:
            headers["Content-Type"], body = "application/json", json.dumps(given)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(given, doseq=True, errors="surrogatepass")
        return Request(endpoint.route.method, url, headers, body)

    def call(self, endpoint: Endpoint, parameters: Mapping[str, Any] | None = None) -> Response:
        """Call an endpoint of the double directly."""
        return self.whoosh._answer(self.request(endpoint, parameters))


class _Filled(dict[str, str]):
    """Fills in every name. A resource that does not exist gets a well-formed SID too."""

    def __missing__(self, name: str) -> str:
        return "BN" + "0" * 32


@contextmanager
def furnished(**settings: Any) -> Iterator[House]:
    """Yield a double with one of each resource. Calls that are not faked are answered too."""
    with Whoosh(clock="virtual", unfaked="404", **settings) as whoosh:
        yield furnish(whoosh)


def furnish(whoosh: Whoosh) -> House:
    """Give the account of a double one of each resource, and an app that answers its webhooks."""
    whoosh.mount("https://app.example", _app)
    number, spare = whoosh.add_number(SENDER), whoosh.add_number("+15557122662")
    for each in ("+18005550101", "+447400123457"):
        whoosh.add_number(each)
    code, spare_code = whoosh.add_short_code("12345"), whoosh.add_short_code("123456")
    whatsapp = f"whatsapp:{SENDER}"
    pool = [SENDER, "12345", "Whoosh", whatsapp]
    service = whoosh.add_messaging_service(
        "Reminders", senders=pool, link_shortening_domain="go.example", status_callback=LINK
    )
    other = whoosh.add_messaging_service("Spare")
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"}, media=["https://app.example/{{1}}.png"])
    fresh = whoosh.add_template("Hello", approval="unsubmitted")
    application = whoosh.add_application(message_status_callback=LINK)
    spare_whatsapp = whoosh.add_channel_sender("whatsapp:+15557122662")
    yesterday = (whoosh.now - timedelta(days=1)).date()
    whoosh.deactivate(PERSON, on=yesterday)

    sound = {"To": PERSON, "From": SENDER, "Body": "Hi there"}
    account = f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}"
    delivered = _create(
        whoosh, f"{account}/Messages", {**sound, "MediaUrl": "https://app.example/cat.png", "ProvideFeedback": "true"}
    )
    whoosh.settle()
    media = _get(whoosh, f"{account}/Messages/{delivered}/Media.json")["media_list"][0]["sid"]
    later = f"{whoosh.now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    through_service = {"To": PERSON, "MessagingServiceSid": service.sid, "Body": "Hi"}
    scheduled = _create(whoosh, f"{account}/Messages", {**through_service, "ScheduleType": "fixed", "SendAt": later})
    branch = _create(whoosh, account.rpartition("/")[0], {})
    key = _create(whoosh, f"{account}/Keys", {})
    report = _get(whoosh, f"https://messaging.whoosh.totogi.solutions/v1/Deactivations?Date={yesterday}")
    report_url = urlsplit(report["redirect_to"])

    senders = {
        "phone_number": (number.sid, {"PhoneNumberSid": spare.sid}),
        "short_code": (code.sid, {"ShortCodeSid": spare_code.sid}),
        "alpha_sender": (next(each.sid for each in service.pool if each.address == "Whoosh"), {"AlphaSender": "Acme"}),
        "channel_sender": (
            next(each.sid for each in service.pool if each.address == whatsapp),
            {"Sid": spare_whatsapp.sid},
        ),
    }
    senders["destination_alpha_sender"] = (senders["alpha_sender"][0], {"AlphaSender": "Acme", "IsoCountryCode": "GB"})
    domain = service.link_shortening_domain
    assert domain is not None
    verify = whoosh.add_verify_service("Acme")
    below = f"https://verify.whoosh.totogi.solutions/v2/Services/{verify.sid}"
    started = _create(whoosh, f"{below}/Verifications", {"To": PERSON, "Channel": "sms"}, "")
    attempt = _get(whoosh, "https://verify.whoosh.totogi.solutions/v2/Attempts")["attempts"][0]["sid"]
    limit = _create(whoosh, f"{below}/RateLimits", {"UniqueName": "ip"}, "")
    bucket = _create(whoosh, f"{below}/RateLimits/{limit}/Buckets", {"Max": "5", "Interval": "60"}, "")
    return House(
        whoosh,
        {
            "messages.messages": {"message_sid": delivered},
            "messages.media": {"message_sid": delivered, "sid": media},
            "services.services": {"service_sid": service.sid},
            "content": {"sid": template.sid},
            "link_shortening": {"domain_sid": domain.sid, "service_sid": service.sid},
            "channel_senders": {"sid": spare_whatsapp.sid},
            "lookups": {"number": PERSON},
            "numbers": {"sid": number.sid},
            "short_codes": {"sid": code.sid},
            "deactivations": {"file": report_url.path.rpartition("/")[2]},
            "applications": {"sid": application.sid},
            "accounts": {"sid": key},
            "pricing": {"iso_country": "US"},
            "registration": {"service_sid": service.sid},
            "verify.services": {"service_sid": verify.sid},
            "verify.verifications": {"service_sid": verify.sid, "sid": started},
            "verify.rate_limits": {"service_sid": verify.sid, "rate_limit_sid": limit, "bucket_sid": bucket},
            "verify.attempts": {"sid": attempt},
            "update_message": {"message_sid": scheduled},
            # A closed account would refuse every other call.
            "update_account": {"account_sid": branch},
            **{f"fetch_{kind}": {"sender_sid": sid} for kind, (sid, _) in senders.items()},
            **{f"delete_{kind}": {"sender_sid": sid} for kind, (sid, _) in senders.items()},
            **{f"create_{kind}": {"service_sid": other.sid} for kind in senders},
            "create_approval_create": {"sid": fresh.sid},
            # Of the two resources that are called so, one is an account's and one a pool's.
            "fetch_short_code": {"sid": code.sid, "sender_sid": code.sid},
        },
        {
            "create_message": sound,
            "update_message": {"Status": "canceled"},
            "create_channels_sender": {"sender_id": "whatsapp:+15557122663", "profile": {"name": "Acme"}},
            "update_channels_sender": {"webhook": {}, "configuration": {"waba_id": "1"}, "profile": {"name": "Acme"}},
            "create_token": {"grant_type": "client_credentials", "client_id": "OQ1", "client_secret": "secret"},
            "create_service": {"FriendlyName": "Reminders"},
            "create_incoming_phone_number": {"PhoneNumber": "+15005550006"},
            "create_incoming_phone_number_local": {"AreaCode": "415"},
            "create_incoming_phone_number_mobile": {"PhoneNumber": "+447400123456"},
            "create_incoming_phone_number_toll_free": {"PhoneNumber": "+18005550100"},
            "create_content": {"language": "en", "types": {"twilio/text": {"body": "Hi"}}},
            "update_content": {"types": {"twilio/text": {"body": "Hi"}}},
            "create_approval_create": {"name": "hi", "category": "UTILITY"},
            "create_service_of_verify": {"FriendlyName": "Acme"},
            "create_verification_of_verify": {"To": PERSON, "Channel": "sms"},
            "update_verification_of_verify": {"Status": "canceled"},
            "create_verification_check_of_verify": {"To": PERSON, "Code": "1234"},
            "create_rate_limit_of_verify": {"UniqueName": "user"},
            "create_bucket_of_verify": {"Max": "5", "Interval": "3600"},
            "fetch_deactivation": {"Date": str(yesterday)},
            "read_deactivations": dict(pair.split("=") for pair in report_url.query.split("&")),
            **{f"create_{kind}": parameters for kind, (_, parameters) in senders.items()},
        },
    )


def _app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def _create(whoosh: Whoosh, url: str, parameters: Mapping[str, str], extension: str = ".json") -> str:
    answer = whoosh._answer(Request("POST", url + extension, _credentials(whoosh), urlencode(parameters)))
    assert answer.status == 201, answer
    return json.loads(answer.body)["sid"]


def _get(whoosh: Whoosh, url: str) -> Any:
    return json.loads(whoosh._answer(Request("GET", url, _credentials(whoosh))).body)


def _credentials(whoosh: Whoosh) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{whoosh.api_key}:{whoosh.api_secret}".encode()).decode()}
