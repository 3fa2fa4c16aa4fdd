"""Whoosh, the object a test holds: wires the parts together."""

import inspect
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, overload
from urllib.parse import urlsplit

from . import assertions
from .api import ROUTER
from .api.routing import dispatch
from .clocks import AppClock
from .engine.addresses import Kind, channel_of, kind_of, normalize
from .engine.errors import WhooshError, choose_from
from .engine.http import Request, Response
from .engine.matching import Matcher
from .engine.records import Application, MessagingService, PhoneNumber, ShortCode
from .engine.rules import Rule
from .engine.settings import read_settings
from .engine.timeline import moment
from .engine.vendor import Vendor
from .transports import requests as requests_transport
from .transports.guard import Guard, WhooshGuardError
from .transports.patching import Patch
from .transports.webhooks import Courier, Mount, WsgiApp
from .views import Callback, Message, Messages

R = TypeVar("R")

_SHORT_CODE: Final = re.compile(r"\d{5,6}")
_NOT_INTERCEPTED: Final = (
    "pytest-whoosh stopped a call to {host} before it left this machine: it came over a library that the whoosh "
    "fixture does not stand in. The fixture answers calls made with requests; send this one with requests too."
)


class Whoosh:
    """An in-memory fake of the vendor's Messages API, in force while the context lasts.

    Use it as the ``whoosh`` fixture, as a context manager, or as a decorator::

        with Whoosh() as whoosh:
            ...

        @Whoosh(senders="owned")
        def test_reminder(self, whoosh): ...

    Args:
        settings: the settings of the README's table, by name.

    Raises:
        TypeError: a setting is unknown.
        ValueError: a setting's value will not do.
    """

    def __init__(self, **settings: object) -> None:
        self._given = settings
        self.settings = read_settings(settings)
        self._lock = threading.RLock()
        self._active = False

    # Coming and going

    def __enter__(self) -> Self:
        if self._active:
            raise WhooshError("This double is in force already. Two at once are two objects: with Whoosh() as inner.")
        settings = self.settings
        self._clock = AppClock(follow=settings.clock == "auto")
        self._vendor = Vendor(settings, self._clock.now())
        self._courier = Courier(over_http=settings.callbacks == "http", now=self._clock.now)
        self._mover: int | None = None
        self._guard = Guard(lambda host: _NOT_INTERCEPTED.format(host=host))
        self._environment = _set_environment(
            {
                "WHOOSH_ACCOUNT_SID": settings.account_sid,
                "WHOOSH_API_KEY": settings.api_key,
                "WHOOSH_API_SECRET": settings.api_secret,
                "TWILIO_ACCOUNT_SID": settings.account_sid,
                "TWILIO_AUTH_TOKEN": settings.auth_token,
            }
        )
        self._patches: list[Patch] = requests_transport.intercept(self.answer)
        self._guard.start()
        self._active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._active = False
        self._guard.stop()
        while self._patches:
            self._patches.pop().stop()
        _restore_environment(self._environment)
        self._clock.stop()

    def __call__(self, function: Callable[..., R]) -> Callable[..., R]:
        """Decorate a test: a new double for each call, passed as ``whoosh`` where the test takes one."""
        if isinstance(function, type):
            raise TypeError("Decorate the test functions or methods, or use `with Whoosh()` in setUp: not the class.")
        parameters = inspect.signature(function).parameters
        takes = "whoosh" in parameters

        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def asynchronously(*args: Any, **kwargs: Any) -> Any:
                with Whoosh(**self._given) as double:
                    return await function(*args, **({"whoosh": double} if takes else {}), **kwargs)

            wrapper: Any = asynchronously
        else:

            @wraps(function)
            def synchronously(*args: Any, **kwargs: Any) -> Any:
                with Whoosh(**self._given) as double:
                    return function(*args, **({"whoosh": double} if takes else {}), **kwargs)

            wrapper = synchronously
        if takes:
            # pytest must not look for a fixture of this name: the decorator passes it.
            rest = [parameter for parameter in parameters.values() if parameter.name != "whoosh"]
            wrapper.__signature__ = inspect.signature(function).replace(parameters=rest)
        return wrapper  # type: ignore[no-any-return]

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
        """The fake account's auth token, with which webhooks are signed."""
        return self.settings.auth_token

    # Answering the app

    def answer(self, request: Request) -> Response:
        """Answer one API request. Every transport comes in by this door."""
        with self._lock:
            self._catch_up()
            return dispatch(self._vendor, ROUTER, request)

    # Reading

    @property
    def outbox(self) -> Messages:
        """The outbound messages, oldest first."""
        return Messages(lambda: [m for m in self._vendor.messages if m.is_outbound], self._touch, "outbox")

    @property
    def inbox(self) -> Messages:
        """The inbound messages, oldest first."""
        return Messages(lambda: [m for m in self._vendor.messages if not m.is_outbound], self._touch, "inbox")

    @property
    def messages(self) -> Messages:
        """All messages, oldest first."""
        return Messages(lambda: list(self._vendor.messages), self._touch, "messages")

    @property
    def callbacks(self) -> list[Callback]:
        """Every webhook that left for the app, in order."""
        self._touch()
        return [Callback(webhook, self._touch) for webhook in self._vendor.webhooks if not webhook.dropped]

    def traffic(self) -> str:
        """API calls, messages with their histories, and webhooks with the app's answers, as lines of text."""
        vendor = self._vendor
        return assertions.traffic(vendor.journal, vendor.messages, vendor.webhooks)

    @property
    def breaches(self) -> list[WhooshGuardError]:
        """The calls to the vendor that came over a library the double does not stand in, and were stopped."""
        return list(self._guard.breaches)

    # Time

    @property
    def now(self) -> datetime:
        """The present moment, on the one clock that the app and the fake share; aware, in UTC."""
        self._touch()
        return self._vendor.now

    def travel(
        self,
        to: datetime | timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Let time pass: by an amount, or up to a moment. What is due on the way happens in order.

        Raises:
            WhooshError: the way leads back.
        """
        self._touch()
        self._run(self._destination(to, timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)))

    def settle(self) -> None:
        """Let time pass until no message is on its way; those scheduled for later stay."""
        self._touch()
        self._run(None)

    def _destination(self, to: datetime | timedelta | None, amount: timedelta) -> datetime:
        now = self._vendor.now
        if isinstance(to, datetime):
            if amount:
                raise TypeError("travel() takes a moment, or an amount of time: not both.")
            until = moment(to)
        elif to is None or isinstance(to, timedelta):
            until = now + (to or timedelta()) + amount
        else:
            raise TypeError(
                f"travel() takes a datetime, a timedelta, or days=, hours=, minutes=, seconds=; not {to!r}. "
                f"Did you mean travel(seconds={to!r})?"
            )
        if until < now:
            raise WhooshError(
                f"Time does not run backwards: it is {now:%Y-%m-%d %H:%M:%S} UTC, and {until:%Y-%m-%d %H:%M:%S} UTC "
                "is past. Start earlier instead: freeze time there before the whoosh fixture starts."
            )
        return until

    def _touch(self) -> None:
        """Play what has become due on a clock that the test moves itself, before it looks at the outcome."""
        if self._mover is not None or not self._active:
            return
        timeline, now = self._vendor.timeline, self._clock.now()
        if now < timeline.now:  # the test has moved its own clock back
            timeline.now = now
        if (now != timeline.now or self._vendor.due) and self._claim():
            try:
                self._play(now)
            finally:
                self._mover = None

    def _catch_up(self) -> None:
        """Do the same for an API call, whose webhooks wait: the app is not called while it calls."""
        if self._mover is not None:
            return
        timeline, now = self._vendor.timeline, self._clock.now()
        if now != timeline.now:
            while timeline.step(now):
                pass
            timeline.now = now

    def _run(self, until: datetime | None) -> None:
        """Play every event in order up to a moment, or until nothing is on its way."""
        claimed = self._claim()
        if not claimed and self._mover != threading.get_ident():
            raise WhooshError("Time is moving in another thread already; one at a time can move it.")
        try:
            self._play(until)
        finally:
            if claimed:
                self._mover = None

    def _claim(self) -> bool:
        """Let this thread be the one that moves time; False where one, this or another, does so already."""
        with self._lock:
            if self._mover is not None:
                return False
            self._mover = threading.get_ident()
            return True

    def _play(self, until: datetime | None) -> None:
        timeline = self._vendor.timeline
        self._deliver()
        while self._step(until):
            self._deliver()
        if until is not None and until > timeline.now:
            timeline.now = until
        self._clock.show(timeline.now)

    def _step(self, until: datetime | None) -> bool:
        timeline = self._vendor.timeline
        with self._lock:
            return (until is not None or timeline.in_flight > 0) and timeline.step(until)

    def _deliver(self) -> None:
        """Deliver the webhooks that are due, each while the app's clock shows its own moment."""
        due = self._vendor.due
        while due:
            webhook = due.popleft()
            self._clock.show(webhook.at)
            self._courier.deliver(webhook)

    # Scripting

    def when(self, **match: object) -> Rule:
        """Script what happens to the messages that match; the newest matching rule wins.

        Raises:
            TypeError: a key is none that a message has when it is created.
        """
        return self._vendor.rules.add(Rule(match))

    # Webhooks

    def mount(self, base_url: str, app: WsgiApp | None = None) -> None:
        """Deliver the webhooks below a base URL to a WSGI app, in-process; without one, to the real server there."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'mount() takes a base URL such as "https://app.example", not {base_url!r}.')
        if app is not None and not callable(app):
            raise TypeError(f"mount() takes a WSGI application, which can be called; {app!r} cannot.")
        if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
            raise TypeError(f"mount() takes a WSGI application, and {app!r} is asynchronous.")
        self._courier.mount(Mount(base_url, app))

    # Provisioning

    def add_number(self, number: str, **properties: object) -> PhoneNumber:
        """Give the account a phone number.

        Takes the properties of the IncomingPhoneNumber resource in snake case, such as ``sms_url``, and
        ``sms_capable=`` and ``mms_capable=``.
        """
        address = normalize(number, "possible")
        if address is None or channel_of(address):
            raise ValueError(f'add_number() takes a phone number such as "+15557122661", not {number!r}.')
        return self._vendor.new_number(address, **_known(PhoneNumber, properties))

    def add_short_code(self, code: str, **properties: object) -> ShortCode:
        """Give the account a short code, of five or six digits; ``country=`` says where it works ("US")."""
        if not isinstance(code, str) or not _SHORT_CODE.fullmatch(code):
            raise ValueError(f'add_short_code() takes five or six digits such as "12345", not {code!r}.')
        return self._vendor.new_short_code(code, **_known(ShortCode, properties))

    def add_messaging_service(
        self, name: str, *, senders: Iterable[str] = (), **properties: object
    ) -> MessagingService:
        """Create a Messaging Service with a sender pool: phone numbers, short codes, alphanumeric and channel senders.

        Takes the properties of the Service resource in snake case, such as ``status_callback``.
        """
        if isinstance(senders, str):
            raise TypeError(f"senders takes several senders: write senders=[{senders!r}].")
        known = _known(MessagingService, properties)
        pool = [self._pool_sender(sender) for sender in senders]
        return self._vendor.new_service(name, senders=pool, **known)

    def add_application(self, **properties: object) -> Application:
        """Create an application; takes its properties in snake case, such as ``message_status_callback``."""
        return self._vendor.new_application(**_known(Application, properties))

    def opt_out(self, person: str, sender: str) -> None:
        """Let a person have opted out of a sender, or of a Messaging Service by its SID, as by texting STOP."""
        provisions = self._vendor.provisions
        address = normalize(person)
        if address is None:
            raise ValueError(f'opt_out() takes a phone number such as "+15558675310", not {person!r}.')
        if sender in provisions.services:
            provisions.opted_out.add((address, sender))
        else:
            provisions.opt_out(address, self._address(sender))

    def set_price(self, country: str, price: object) -> None:
        """Set what a segment to a country costs, in US dollars: ``set_price("US", "0.0079")``."""
        self._vendor.prices.set(country, price)

    def _pool_sender(self, sender: str) -> str:
        address = self._address(sender)
        kind = kind_of(address)
        if kind is Kind.NUMBER:
            self._vendor.new_number(address)
        elif kind is Kind.SHORT_CODE:
            self._vendor.new_short_code(address)
        return address

    def _address(self, sender: str) -> str:
        address = normalize(sender) or (sender if kind_of(sender) else None)
        if address is None:
            raise ValueError(
                f'A sender is a phone number such as "+15557122661", a short code, an alphanumeric sender of at most '
                f"11 characters, or a channel address; not {sender!r}."
            )
        return address

    # Assertions

    @overload
    def assert_sent(self, count: Literal[1] = ..., **match: object) -> Message: ...  # type: ignore[overload-overlap]
    @overload
    def assert_sent(self, count: int, **match: object) -> list[Message]: ...
    def assert_sent(self, count: int = 1, **match: object) -> Message | list[Message]:
        """Assert that as many messages as ``count`` were sent that match.

        Returns:
            The message; a list of them where ``count`` is not 1.
        """
        __tracebackhide__ = True
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise TypeError(f"count is a number of messages, not {count!r}.")
        matcher = Matcher(match)
        records = self._sent()
        found = [record for record in records if matcher.matches(record)]
        if len(found) != count:
            journal = self._vendor.journal
            raise AssertionError(assertions.explain_count(matcher, found, records, count, "outbox", journal))
        views = [Message(record, self._touch) for record in found]
        return views[0] if count == 1 else views

    def assert_not_sent(self, **match: object) -> None:
        """Assert that no message was sent that matches."""
        __tracebackhide__ = True
        matcher = Matcher(match)
        found = [record for record in self._sent() if matcher.matches(record)]
        if found:
            raise AssertionError(assertions.explain_sent(matcher, found))

    def assert_nothing_sent(self) -> None:
        """Assert that no message was sent."""
        __tracebackhide__ = True
        self.assert_not_sent()

    def assert_callbacks(self, message: Message, *statuses: str) -> None:
        """Assert that status callbacks for these statuses left in this order; others may lie between."""
        __tracebackhide__ = True
        self._touch()
        explanation = assertions.explain_callbacks(self._record(message), statuses)
        if explanation:
            raise AssertionError(explanation)

    def assert_segments(self, message: Message, n: int) -> None:
        """Assert that a message takes ``n`` segments."""
        __tracebackhide__ = True
        explanation = assertions.explain_segments(self._record(message), n)
        if explanation:
            raise AssertionError(explanation)

    def last_code(self, to: str, pattern: "str | re.Pattern[str]" = r"\b\d{4,8}\b") -> str:
        """The one-time code in the newest message to a person that holds one.

        Returns:
            What the pattern's first group matches; the whole match where it has no group.
        """
        __tracebackhide__ = True
        compiled = re.compile(pattern)
        records = self._sent()
        matcher = Matcher({"to": to})
        for record in reversed(records):
            if matcher.matches(record) and (found := compiled.search(record.sent_body)):
                return str(found[1] if compiled.groups else found[0])
        raise AssertionError(assertions.explain_code(records, to, compiled, "outbox"))

    def _sent(self) -> list[Any]:
        self._touch()
        return [message for message in self._vendor.messages if message.is_outbound]

    @staticmethod
    def _record(message: object) -> Any:
        if not isinstance(message, Message):
            raise TypeError(
                f"Takes a message, as whoosh.assert_sent(...) or whoosh.outbox returns it; not {message!r}."
            )
        return message._record


def _known(record: type, properties: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse a property that the record does not have, or that only the vendor sets."""
    fixed = {"sid", "account_sid", "date_created", "date_updated", "senders", "carried", "remembered"}
    valid = [name for name in record.__dataclass_fields__ if name not in fixed]  # type: ignore[attr-defined]
    for name in properties:
        if name not in valid:
            raise TypeError(choose_from(f"property of {record.__name__}", name, valid))
    return properties


def _set_environment(values: Mapping[str, str]) -> dict[str, str | None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    return before


def _restore_environment(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
