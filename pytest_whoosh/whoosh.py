"""The class ``Whoosh``: the double that a test works with. It wires the parts of the package together."""

import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from inspect import getattr_static
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    NoReturn,
    Protocol,
    Self,
    TypeVar,
    Unpack,
)
from urllib.parse import urlsplit

from .delivery.apps import AsgiApp, WsgiApp
from .delivery.courier import Courier, is_asynchronous
from .delivery.refusals import require_app
from .double.api_entry import ApiEntry
from .double.asserting import Asserting
from .double.decorating import decorate, positional_argument
from .double.people import People
from .double.provisioning import Provisioning
from .double.travelling import Travelling
from .engine.carrier.throughput import MMS_RATES, Backlog, Throughput, home_country, sender_type_of
from .engine.dialect import dialect
from .engine.hosts import split_url
from .engine.messages.fields import MatchAtCreation
from .engine.misuse import Suggesting, WhooshError, WhooshNotFakedError, is_usage_error
from .engine.rules.calls import CallRule
from .engine.rules.rule import Rule
from .engine.settings import Settings, SettingValues, read_settings
from .engine.sids import Prefix, is_sid
from .engine.vendor import Vendor
from .environment import DjangoSettings, Environment
from .interception import expectations
from .interception.clients import Interception, is_older_than_its_double
from .interception.guard import Guard
from .time import clock
from .time.clock import AppClock
from .time.interrupts import HeldInterrupts
from .time.travel import Travel
from .views import Callback, Message, Messages, Queue, Verification
from .views.records import Records
from .wording.synonyms import WHOOSH

__tracebackhide__ = is_usage_error

R = TypeVar("R")

_TOO_EARLY: Final = (
    "pytest-whoosh stopped a call to {host} before it left this machine: the call started before the Whoosh double was "
    "active, so the double could not answer it. Let the app's threads and tasks start their calls in the test that "
    "uses the whoosh fixture, or inside `with Whoosh() as whoosh:`."
)

_NOT_INTERCEPTED: Final = (
    "pytest-whoosh stopped a call to {host} before it left this machine: the whoosh fixture does not intercept the "
    "library that made it. Make the call with requests, httpx, httpx2, aiohttp, urllib3, http.client or urllib.request."
)

_SWALLOWED: Final = "The app or the test swallowed this error: {error}"

_UNLIMITED: Final = '{what} while throughput is "unlimited". {choose}'
_NO_QUEUE_OF_SERVICES: Final = (
    "A Messaging Service has no queue of its own. Ask for the queue of each sender in its pool: {each}."
)

#: The attributes that a double has from its start on.
_SET_AT_START: Final = ("_vendor", "_travel", "_clock", "_courier", "_answer", "_environment", "_parts")

#: A variable that would send the app's calls past the double. It is unset while a double is active.
_UNSET_VARIABLES: Final = {"WHOOSH_URL": None}


class _Part(Protocol):
    """A part of a double. It stops with the double."""

    def stop(self) -> None:
        """Stop the part."""


class _StartedPart(_Part, Protocol):
    """A part of a double that also starts with it."""

    def start(self) -> None:
        """Start the part."""


class _FixedSetting:
    """Refuses to set a setting of a double that has started, where it would have no effect."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, double: object, owner: type) -> NoReturn:
        raise AttributeError(self._name)  # __getattr__ then suggests what was meant

    def __set__(self, double: object, value: object) -> NoReturn:
        name = self._name
        raise AttributeError(
            f"The setting {name} of a double cannot change. "
            f"Write @pytest.mark.whoosh({name}={value!r}) or Whoosh({name}={value!r})."
        )


class Whoosh(Suggesting, Asserting, People, Provisioning, Travelling):
    """An in-memory fake of the vendor's Messages API. It is active while the context lasts.

    Use it as the ``whoosh`` fixture, as a context manager, or as a decorator.

    Args:
        settings: The settings by name. The guide's page about settings lists them.

    Raises:
        TypeError: A setting is unknown.
        ValueError: The value of a setting is not allowed.

    Attributes:
        settings: The settings that apply.

    Example:
        from twilio.rest import Client

        from pytest_whoosh import Whoosh

        with Whoosh(senders="owned") as whoosh:
            whoosh.add_number("+15557122661")
            Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
            whoosh.assert_sent(body="Hi")
    """

    _SYNONYMS = WHOOSH

    #: Collects the doubles that start during a test, including those that the test makes itself. The plugin sets it.
    _started_doubles: "ClassVar[deque[Whoosh] | None]" = None

    if not TYPE_CHECKING:  # a type checker refuses positional arguments itself

        def __new__(cls, *given, **_):
            """Refuse positional arguments, such as the function that ``@Whoosh`` without parentheses passes."""
            if given:
                raise TypeError(positional_argument(given[0]))
            return super().__new__(cls)

    def __init__(self, **settings: Unpack[SettingValues]) -> None:
        self._given = settings
        self.settings = read_settings(settings)
        self._lock = threading.RLock()
        self._active = False
        #: The thread that is ending the double. An interrupt may stop it before it has finished.
        self._ending_in_thread: int | None = None
        #: The thread that started the double.
        self._thread = 0
        #: The errors about calls that are not faked. An app may have swallowed them.
        self._not_faked: list[WhooshNotFakedError] = []

    def __dir__(self) -> Iterable[str]:
        """Return the names for completion, without the private ones and the settings."""
        return [name for name in super().__dir__() if not isinstance(getattr_static(self, name, None), _FixedSetting)]

    # Start and end

    def __enter__(self) -> Self:
        if self._active:
            raise WhooshError(
                "This double is active already. Make a second one to have two at once: with Whoosh() as inner."
            )
        if _DOUBLES:
            _end_interrupted_doubles()
        self._parts: list[_Part] = []
        self._not_faked.clear()
        expectations.watch()
        try:
            with _START_STOP_LOCK, HeldInterrupts():
                self._ending_in_thread = None
                self._thread = threading.get_ident()
                self._start()
            if Whoosh._started_doubles is not None:
                Whoosh._started_doubles.append(self)
            self._active = True
            return self  # inside the `try`: an interrupt may strike here, and nothing else would end the double
        except BaseException:  # stops the parts that have started
            self._active = False
            self._end()
            raise

    def _start(self) -> None:
        settings, lock, parts = self.settings, self._lock, self._parts
        clock = self._clock = AppClock(settings.clock, lock)
        parts.append(clock)  # before start(): it is stopped even if start() fails
        clock.start()
        vendor = self._vendor = self._new_vendor()
        courier = self._courier = Courier(
            over_http=settings.callbacks == "http",
            raises=settings.app_errors == "raise",
            now=clock.handler_time,
        )
        travel = self._travel = Travel(vendor, clock, courier, lock)
        answer = self._answer = ApiEntry(travel, lock, self._not_faked)
        environment = self._environment = Environment({**self.environment, **_UNSET_VARIABLES})
        self._django: DjangoSettings | None = None
        # The guard starts before the interception and stops after it: it then finds its own patches as it left them.
        starting: tuple[_StartedPart, ...] = (environment, Guard(_explain_refusal), Interception(answer))
        for part in starting:
            parts.append(part)
            part.start()
        if settings.django_settings:
            from .delivery.django import require_django

            self._override_django(require_django("The setting django_settings"), self._named(settings.django_settings))
        _DOUBLES[self] = None

    def _override_django(self, settings: Any, values: Mapping[str, object]) -> None:
        if self._django is None:
            self._django = DjangoSettings()
            self._parts.append(self._django)
        self._django.set(settings, values)

    def _end(self) -> None:
        with _START_STOP_LOCK, HeldInterrupts():
            _DOUBLES.pop(self, None)
            self._stop_parts()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An interrupt may come after a call, but not between these two statements, which call nothing.
        self._ending_in_thread = self._thread
        self._active = False
        try:
            self._travel.end()
            self._courier.close()
        finally:  # everything stops even if an app raises when it shuts down
            self._end()
        if kind is None and self._not_faked and (swallowed := self._swallowed()):
            raise swallowed

    def _end_if_left(self) -> None:
        """End the double if an interrupt came before the first statement of ``__exit__``."""
        if self in _DOUBLES:
            self.__exit__(InterruptedError, None, None)

    def _swallowed(self) -> WhooshNotFakedError | None:
        """Return the first WhooshNotFakedError that the app or the test swallowed, then forget all of them."""
        swallowed, expected = None, set()
        for each in reversed(self._not_faked):
            if expectations.is_expected_or_shown(each):
                expected.add(str(each))
            elif str(each) not in expected:  # the app may retry a call and swallow the first error of the same text
                swallowed = each
        self._not_faked.clear()
        return WhooshNotFakedError(_SWALLOWED.format(error=swallowed)) if swallowed else None

    def _stop_parts(self) -> None:
        """Stop all parts of the double in reverse order, even if one of them raises."""
        parts = self._parts
        try:
            while parts:
                parts.pop().stop()
        finally:
            if parts:
                self._stop_parts()

    def __repr__(self) -> str:
        if not self._was_started:
            return "<Whoosh, not active yet>"
        sent, received = len(self._vendor.outbound), len(self._vendor.inbound)
        return f"<Whoosh{'' if self._active else ', ended'}: {sent} sent, {received} received>"

    if not TYPE_CHECKING:  # with a __getattr__, a type checker would no longer find misspelt names

        def __getattr__(self, name: str) -> NoReturn:
            if name in _SET_AT_START:
                raise WhooshError("This double is not active yet. Write `with Whoosh() as whoosh:` around its use.")
            super().__getattr__(name)

    def __call__(self, function: Callable[..., R]) -> Callable[..., R]:
        """Decorate a test: each call gets a new double, passed as ``whoosh`` if the test has this parameter."""
        return decorate(function, lambda: Whoosh(**self._given))

    # The account

    @property
    def account_sid(self) -> str:
        """The fake account's SID."""
        return self.settings.account_sid

    @property
    def api_key(self) -> str:
        """The SID of the fake account's API key."""
        return self.settings.api_key

    @property
    def api_secret(self) -> str:
        """The secret of the fake account's API key."""
        return self.settings.api_secret

    @property
    def auth_token(self) -> str:
        """The fake account's auth token. The double signs webhooks with it."""
        return self.settings.auth_token

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the fake account, which are set while the double is active."""
        settings = self.settings
        usual = {
            "WHOOSH_ACCOUNT_SID": settings.account_sid,
            "WHOOSH_API_KEY": settings.api_key,
            "WHOOSH_API_SECRET": settings.api_secret,
            "TWILIO_ACCOUNT_SID": settings.account_sid,
            "TWILIO_AUTH_TOKEN": settings.auth_token,
        }
        return {**usual, **self._named(settings.env)}

    def _named(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return the account's values under the app's own names for them."""
        return {name: getattr(self.settings, value) for name, value in names.items()}

    @property
    def _was_started(self) -> bool:
        """True if the double is active or has ended."""
        return "_vendor" in vars(self)

    # Reset

    def reset(self) -> None:
        """Delete all messages, rules, provisioned records and webhooks. Settings, mounts and the current time stay.

        A ``travel()`` or ``settle()`` that runs in another thread stops.

        Raises:
            WhooshError: The caller is the handler of a webhook that a ``travel()`` or ``settle()`` is delivering.
        """
        self._require_active()
        with self._lock:
            vendor = self._new_vendor()
            vendor.server_url, vendor.called_host = self._vendor.server_url, self._vendor.called_host
            self._travel.start_over(vendor)
            self._vendor = vendor

    def _new_vendor(self) -> Vendor:
        now, _ = self._clock.look()
        return Vendor(self.settings, now, self._clock.app_now)

    # Serving the double

    def _publish(self, url: str | None, allow_webhooks: Sequence[str] = ()) -> None:
        """Note the URL of the server that serves this double. None means that it is no longer served.

        While served, media URLs point to the server, and webhooks are posted to this machine and the allowed hosts.
        """
        if url:
            self._require_active()
        self._vendor.server_url, self._vendor.called_host = url, None
        self._courier.open_to(allow_webhooks if url else None)

    def _interrupt(self) -> None:
        """Stop a ``travel()`` that is running in another thread."""
        self._travel.interrupt()

    def _reaches(self, url: str) -> bool:
        """True if webhooks to a URL are posted over HTTP although nothing is mounted there."""
        return self._courier.reaches(url)

    # Reading

    @property
    def outbox(self) -> Messages:
        """The outbound messages, oldest first."""
        return Messages(lambda: self._vendor.outbound, self._catch_up, "outbox")

    @property
    def inbox(self) -> Messages:
        """The inbound messages, oldest first."""
        return Messages(lambda: self._vendor.inbound, self._catch_up, "inbox")

    @property
    def messages(self) -> Messages:
        """All messages, oldest first."""
        return Messages(lambda: self._vendor.messages, self._catch_up, "messages")

    @property
    def callbacks(self) -> list[Callback]:
        """Every webhook that the double has sent, in order."""
        self._catch_up()
        return [Callback(webhook, self._catch_up) for webhook in self._vendor.webhooks.all if not webhook.dropped]

    @property
    def verifications(self) -> list[Verification]:
        """The verifications that the app started through Verify, oldest first."""
        self._catch_up()
        return [Verification(record, self._catch_up) for record in self._vendor.verifications]

    def queue(self, sender: str, *, mms: bool = False) -> Queue:
        """Return the queue of a sender.

        Args:
            sender: The sender: a phone number, short code, alphanumeric sender or channel address.
            mms: True for the MMS queue, which all numbers of an account share.

        Returns:
            The queue.

        Raises:
            WhooshError: The setting ``throughput`` is ``"unlimited"``, or the account has no such sender.
        """
        vendor = self._current_vendor()
        _require_queues(vendor)
        if is_sid(getattr(sender, "sid", sender), Prefix.MESSAGING_SERVICE):
            raise WhooshError(_NO_QUEUE_OF_SERVICES.format(each=dialect().queue_listing()))
        address = self._address(sender)
        resources = vendor.account_of_sender(address).resources
        if self.settings.senders == "owned" and not resources.has_sender(address):
            raise WhooshError(f"The account has no sender {address}: add it first, or correct its spelling.")
        if mms and sender_type_of(address) not in MMS_RATES:
            raise WhooshError(f"{address} cannot send MMS: only phone numbers and short codes can.")

        def backlog() -> Backlog:
            vendor = self._vendor  # looked up each time: a reset replaces it
            return _require_queues(vendor).queue(address, vendor.account_of_sender(address), mms=mms)

        home = home_country(address, resources.owned(address))
        return Queue(backlog, address, home, mms=mms, timeline=lambda: self._vendor.timeline, catch_up=self._catch_up)

    @property
    def _records(self) -> Records:
        """The double's records, for the server and the pages. Tests read ``outbox``, ``inbox`` and ``callbacks``."""
        return Records(self._travel)

    def traffic(self) -> str:
        """Return the API calls, the messages with their histories, and the webhooks with the app's answers.

        Returns:
            The text of the section ``whoosh traffic`` that pytest prints for a failed test.
        """
        from .wording.traffic import traffic

        return traffic(self._vendor, self._hide)

    def snapshot(self, hide: Callable[[str], str] | None = None, *, newest: int | None = None) -> dict[str, Any]:
        """Return the double's messages, API calls, webhooks and rules as plain data. The pages show this data.

        Args:
            hide: A function that removes secrets from each text.
            newest: The number of messages to include, newest last. The default is all.

        Returns:
            The data, ready for ``json.dumps``.
        """
        from .report.snapshot import snapshot

        with self._lock:
            return snapshot(self._vendor, hide or self._hide, newest)

    @property
    def _hide(self) -> Callable[[str], str]:
        """A function that removes secrets from a text: secrets in the environment now and before the double started."""
        from .report.secrets import hider, secrets_in

        before = {name: value for name, value in self._environment.before.items() if value is not None}
        return hider(secrets_in(before) | secrets_in(os.environ), own=self.environment.values())

    # Scripting

    def when(self, **match: Unpack[MatchAtCreation]) -> Rule:
        """Script what happens to the messages that match. The newest matching rule wins.

        Args:
            match: The criteria, by the names of properties that a message has when it is created.

        Returns:
            The rule. Call one of its outcomes, such as ``undeliver(30003)``.

        Raises:
            TypeError: A message has no such property when it is created.

        Example:
            def test_an_unreachable_phone(whoosh, send):
                whoosh.when(to="+15558675310").undeliver(30003)
                send(to="+15558675310")

                whoosh.settle()

                assert whoosh.outbox.one().error_code == 30003
        """
        self._require_active()
        return self._vendor.rules.add(Rule(match))

    def when_called(self, method: str, url: "str | re.Pattern[str] | Message", **params: object) -> CallRule:
        """Script the answer to the API calls that match. The called resource need not be one that is faked.

        The newest matching rule of :meth:`when` and :meth:`when_called` wins. Rules apply before the API checks
        credentials.

        Args:
            method: ``"GET"``, ``"POST"`` and so on, or ``"*"`` for all.
            url: A full URL with wildcards, or a path that is compared with the end of the URL's path. A compiled
                pattern or a message (its own URL) works too. ``*`` matches one segment of a path, ``**`` any number.
                Hosts of Whoosh and Twilio match each other.
            params: Fields of the form, query string or JSON document, matched as :meth:`when` matches.

        Returns:
            The rule. Call one of its outcomes, such as ``respond(200, {...})``.

        Raises:
            ValueError: The method is unknown, or the URL matches no host of the vendor.

        Example:
            import pytest
            from twilio.base.exceptions import TwilioRestException


            def test_a_call_is_placed(whoosh, client):
                rule = whoosh.when_called("POST", "/Calls.json", To="+15558675310").reject(21215)

                with pytest.raises(TwilioRestException):
                    client.calls.create(to="+15558675310", from_="+15557122661", url="https://app.example/twiml")

                assert rule.calls[0].form["From"] == ["+15557122661"]
        """
        self._require_active()
        return self._vendor.rules.add(CallRule(method, url, params))

    @property
    def rules(self) -> list[Rule | CallRule]:
        """The rules of :meth:`when` and :meth:`when_called`, oldest first. Removed rules are not listed."""
        return list(self._vendor.rules)

    def set_concurrency(self, calls: int) -> None:
        """Set how many API calls an account may make concurrently. The default is 100.

        A call above the limit is refused with 429 and error 20429. Only the calls of one event loop's tasks count,
        since it depends on the machine how calls of threads overlap.

        Args:
            calls: The number of calls.

        Raises:
            WhooshError: The setting ``throughput`` is ``"unlimited"``.
        """
        if isinstance(calls, bool) or not isinstance(calls, int) or calls < 1:
            raise ValueError(
                f"{dialect().method('set_concurrency')} takes a whole number of calls, at least 1, not {calls!r}."
            )
        concurrency = self._current_vendor().concurrency
        if concurrency is None:
            raise WhooshError(_unlimited("API calls are not counted"))
        concurrency.limit = calls

    # Webhooks

    def mount(self, base_url: str, app: WsgiApp | AsgiApp | None = None, *, server: str | None = None) -> None:
        """Deliver the webhooks below a base URL to a WSGI or ASGI app, in-process.

        Without ``app`` and ``server``, webhooks are posted to the real server at ``base_url``, such as pytest-django's
        ``live_server``.

        Args:
            base_url: The start of the webhooks' URLs.
            app: The WSGI or ASGI application.
            server: The URL of a real server that answers for ``base_url``, as a server behind a reverse proxy does.

        Raises:
            TypeError: ``app`` is not an application that can be called, such as an aiohttp application or a factory.
            ValueError: ``base_url`` or ``server`` is not a URL, or both an app and a server are given.

        Example:
            from flask import Flask, request

            app = Flask(__name__)


            @app.post("/status")
            def status():
                return "", 204


            def test_the_app_answers_callbacks(whoosh, send):
                whoosh.mount("https://app.example", app)
                message = send(status_callback="https://app.example/status")

                whoosh.settle()

                whoosh.assert_callbacks(message, "sent", "delivered")
        """
        if not _is_base(base_url):
            method = dialect().method("mount")
            raise ValueError(
                f'{method} takes a base URL such as "https://app.example", not {base_url!r}.{_mount_advice(base_url)}'
            )
        if server is not None and not _is_base(server):
            method, name = dialect().method("mount"), dialect().keyword("server")
            raise ValueError(f'{method} takes as {name} a URL such as "http://127.0.0.1:8000", not {server!r}.')
        if app is not None and server is not None:
            raise TypeError("mount() takes an app, or a server that answers for the base URL: not both.")
        if app is not None:
            require_app(base_url, app)
        self._require_active()
        with self._lock:
            self._courier.mount(base_url, app, server or "")

    def mount_django(self, base_url: str, app: WsgiApp | AsgiApp | None = None) -> None:
        """Deliver the webhooks below a base URL to the project's own Django application, in-process.

        Views run in the test's thread, database connection and transaction, even in an ASGI project. The host is part
        of ``ALLOWED_HOSTS`` until the double ends.

        Args:
            base_url: The URL, such as ``"https://app.example"``.
            app: The application. The default is the application that the Django settings name as ``ASGI_APPLICATION``
                or ``WSGI_APPLICATION``.

        Raises:
            WhooshError: Django is not installed, or has no settings.
        """
        if not _is_base(base_url):
            raise ValueError(f'mount_django() takes a base URL such as "https://app.example", not {base_url!r}.')
        self._require_active()

        from .delivery.django import DjangoTarget, projects_app, require_django

        settings = require_django("mount_django()")
        found, asynchronous = projects_app(settings) if app is None else (app, is_asynchronous(app))
        with self._lock:
            host = urlsplit(base_url).hostname or ""
            self._override_django(settings, {"ALLOWED_HOSTS": [*settings.ALLOWED_HOSTS, host]})
            self._courier.add(base_url, DjangoTarget(found, asynchronous=asynchronous))


def _mount_advice(base_url: object) -> str:
    """Return the call that a wrong base URL was meant as: with its arguments swapped, or with a scheme."""
    if callable(base_url):
        return ' Write whoosh.mount("https://app.example", app).'
    meant = f"https://{base_url}"
    if isinstance(base_url, str) and "://" not in base_url and base_url != "app.example" and _is_base(meant):
        return f" Write {dialect().value(meant)}."
    return ""


def _is_base(url: object) -> bool:
    try:
        parts = split_url(url if isinstance(url, str) else "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)


def _require_queues(vendor: Vendor) -> Throughput:
    if vendor.throughput is None:
        raise WhooshError(_unlimited("Nothing waits in a queue"))
    return vendor.throughput


def _unlimited(what: str) -> str:
    return _UNLIMITED.format(what=what, choose=dialect().setting("throughput", "realistic"))


def _explain_refusal(host: str) -> str:
    return (_TOO_EARLY if is_older_than_its_double() else _NOT_INTERCEPTED).format(host=host)


def _end_interrupted_doubles() -> None:
    """End the doubles that this thread was ending when an interrupt stopped it."""
    for double in [double for double in active_doubles() if double._ending_in_thread == threading.get_ident()]:
        double._end()


def active_doubles() -> list[Whoosh]:
    """Return the doubles that are active now, oldest first."""
    return list(_DOUBLES)


def _after_fork() -> None:
    """Free the locks in a forked child: threads of the parent, which may hold them, do not exist there."""
    for lock in (_START_STOP_LOCK, *(double._lock for double in _DOUBLES)):
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # as the standard library does with its own locks
    clock.after_fork()
    for double in _DOUBLES:
        double._travel.after_fork()


#: Held while a double starts or ends: doubles patch the same process-wide functions.
_START_STOP_LOCK: Final = threading.RLock()
#: The doubles that are active, oldest first.
_DOUBLES: Final[dict[Whoosh, None]] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# Otherwise ``whoosh.senders = "owned"`` would only make a new attribute, without an effect on the double.
for _setting in fields(Settings):
    if not hasattr(Whoosh, _setting.name):
        setattr(Whoosh, _setting.name, _FixedSetting(_setting.name))
