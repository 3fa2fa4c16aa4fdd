"""Whoosh, the object a test holds: wires the parts together."""

import inspect
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, TypeVar, overload
from urllib.parse import urlsplit

from . import assertions
from .api import ROUTER
from .api.routing import dispatch
from .clocks import AppClock
from .engine.addresses import normalize
from .engine.callbacks import Webhook
from .engine.errors import choose_from
from .engine.http import Request, Response
from .engine.inbound import Conversation, Deliveries, handler_of, receive, received_by
from .engine.lifecycle import Status
from .engine.links import only_link
from .engine.matching import Matcher
from .engine.media import File
from .engine.misuse import WhooshError
from .engine.rules import Rule
from .engine.settings import Settings, read_settings
from .engine.vendor import Vendor
from .provisioning import Provisioning
from .traffic import traffic
from .transports.apps import AsgiApp, WsgiApp
from .transports.guard import Guard
from .transports.interception import Interception
from .transports.webhooks import Courier
from .travel import Travel
from .views import Callback, MediaFile, Message, Messages, Phone, Reply

R = TypeVar("R")

_NOT_INTERCEPTED: Final = (
    "pytest-whoosh stopped a call to {host} before it left this machine: it came over a library that the whoosh "
    "fixture does not stand in. It answers calls made with requests, httpx, aiohttp, urllib3, http.client and "
    "urllib.request: send this one with one of these."
)


class Whoosh(Provisioning):
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
        self._travel = Travel(self._vendor, self._clock, self._courier, self._lock)
        self._interception = Interception(self.answer)
        self._guard = Guard(_explain)
        self._environment = _set_environment(_environment(settings))
        self._interception.start()
        self._guard.start()
        self._active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._active = False
        try:
            self._courier.close()
        finally:  # what an app raises when it shuts down keeps nothing in force
            self._guard.stop()
            self._interception.stop()
            _restore_environment(self._environment)
            self._clock.stop()

    if not TYPE_CHECKING:  # a type checker is to go on finding misspelt names

        def __getattr__(self, name: str) -> NoReturn:
            if name in ("_vendor", "_travel", "_clock", "_courier"):  # which entering makes
                raise WhooshError("This double is not in force yet. Write `with Whoosh() as whoosh:` around its use.")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

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
            self._travel.catch_up()
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
        return traffic(self._vendor)

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
        amount = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._touch()
        self._travel.run(self._travel.destination(to, amount))

    def settle(self) -> None:
        """Let time pass until no message is on its way; those scheduled for later stay."""
        self._touch()
        self._travel.run(None)

    async def atravel(
        self,
        to: datetime | timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Do as :meth:`travel` inside a running event loop, where the handlers of ASGI apps then run too."""
        amount = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._touch()
        await self._travel.arun(self._travel.destination(to, amount))

    async def asettle(self) -> None:
        """Do as :meth:`settle` inside a running event loop, where the handlers of ASGI apps then run too."""
        self._touch()
        await self._travel.arun(None)

    def _provider(self) -> Vendor:
        """The vendor on its present time: what a test adds is dated like what an app adds."""
        with self._lock:
            if self._active:
                self._travel.catch_up()
        return self._vendor

    def _touch(self) -> None:
        if self._active:
            self._travel.touch()

    # Scripting

    def when(self, **match: object) -> Rule:
        """Script what happens to the messages that match; the newest matching rule wins.

        Raises:
            TypeError: a key is none that a message has when it is created.
        """
        return self._vendor.rules.add(Rule(match))

    # Webhooks

    def mount(self, base_url: str, app: WsgiApp | AsgiApp | None = None) -> None:
        """Deliver the webhooks below a base URL to a WSGI or ASGI app, in-process.

        Without an app, they are posted to the real server there, such as pytest-django's ``live_server``.
        """
        parts = urlsplit(base_url if isinstance(base_url, str) else "")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'mount() takes a base URL such as "https://app.example", not {base_url!r}.')
        if app is not None and not callable(app):
            raise TypeError(f"mount() takes a WSGI or ASGI application, which can be called; {app!r} cannot.")
        self._courier.mount(base_url, app)

    # People

    def receive(self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: str) -> Reply:
        """Be a person who writes to one of the app's senders.

        Creates the inbound message, calls the webhook of the sender or of its Messaging Service, and does what the
        TwiML that it answers says. Opt-out keywords work. Time stands still meanwhile.

        Args:
            body: the text.
            from_: the person's number, or their address on a channel.
            to: the number, short code or channel address written to.
            media: files, each a URL or file name, whose ending names its type; or a pair of bytes and content type.
            params: further parameters of the webhook, such as ``ButtonPayload="yes"``.
        """
        conversation, deliveries = self._receive(body, from_, to, media, params, "areceive(...)")
        self._travel.deliver(deliveries, "areceive(...)")
        return Reply(conversation, self._touch)

    async def areceive(
        self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: str
    ) -> Reply:
        """Do as :meth:`receive` inside a running event loop, where the handlers of ASGI apps then run too."""
        conversation, deliveries = self._receive(body, from_, to, media, params, None)
        await self._travel.adeliver(deliveries)
        return Reply(conversation, self._touch)

    def phone(self, number: str) -> Phone:
        """A person's phone, which writes to the app and shows what it got: keeps conversations readable."""
        address = self._person(number)

        received = Messages(lambda: received_by(self._vendor, address), self._touch, f"phone {address}")
        return Phone(address, self.receive, self.areceive, received)

    def click(self, link: Message | str, *, user_agent: str = "Mozilla/5.0") -> str:
        """Be a person who follows a short link: by its text, or the only one in a message.

        Reports the click to the app, where the link's domain has a ``callback_url``.

        Returns:
            Where it leads: to the URL that it stands for, or after 90 days to the fallback URL of its domain.

        Raises:
            WhooshError: it leads nowhere.
        """
        target, reports = self._click(link, user_agent)
        self._travel.deliver(iter(reports), "aclick(...)")
        return target

    async def aclick(self, link: Message | str, *, user_agent: str = "Mozilla/5.0") -> str:
        """Do as :meth:`click` inside a running event loop, where the handlers of ASGI apps then run too."""
        target, reports = self._click(link, user_agent)
        await self._travel.adeliver(iter(reports))
        return target

    def _click(self, link: Message | str, user_agent: str) -> tuple[str, list[Webhook]]:
        self._touch()
        with self._lock:
            text = link if isinstance(link, str) else only_link(self._record(link)).text
            return self._vendor.click(text, user_agent)

    def _receive(
        self,
        body: str,
        from_: str,
        to: str,
        media: Iterable[MediaFile],
        params: Mapping[str, str],
        form: str | None,
    ) -> tuple[Conversation, Deliveries]:
        """Have a person write; ``form`` is how the caller would await the webhook, if it does not do so already."""
        self._touch()
        if isinstance(media, str):
            raise TypeError(f"media takes several files: write media=[{media!r}].")
        person, ours = self._person(from_), self._address(to)
        with self._lock:
            account = self._vendor.account_with(ours)
            url = handler_of(account, ours, account.provisions.service_of(ours)).url
            if url and form:  # refused before the message is there, so that awaiting it instead is the first try
                self._courier.require_deliverable(url, form)
            urls = tuple(self._media_url(file) for file in media)
            conversation = receive(self._vendor, account, from_=person, to=ours, body=body, media=urls, extra=params)
        return conversation, conversation.run()

    def _media_url(self, file: MediaFile) -> str:
        if isinstance(file, str):
            return file
        if not (isinstance(file, tuple) and len(file) == 2 and isinstance(file[0], bytes)):
            raise TypeError(
                f"Each of media is a URL, a file name, or a pair such as (b'%PDF', \"application/pdf\"); not {file!r}."
            )
        content, content_type = file
        url = f"whoosh:media/{self._vendor.sids.new('ME', counted_as='given media')}"
        self._vendor.files.give(url, File(content, content_type))
        return url

    @staticmethod
    def _person(number: str) -> str:
        address = normalize(number)
        if address is None:
            raise ValueError(
                f'A person is a phone number such as "+15558675310", or a channel address; not {number!r}.'
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
            raise AssertionError(assertions.explain_sent(matcher, found, "outbox"))

    def assert_nothing_sent(self) -> None:
        """Assert that no message was sent."""
        __tracebackhide__ = True
        self.assert_not_sent()

    def assert_callbacks(self, message: Message, *statuses: str) -> None:
        """Assert that status callbacks for these statuses left in this order; others may lie between."""
        __tracebackhide__ = True
        known = [status.value for status in Status]
        for status in statuses:
            if status not in known:
                raise ValueError(choose_from("status", status, known))
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


def _explain(host: str) -> str:
    return _NOT_INTERCEPTED.format(host=host)


def _environment(settings: Settings) -> dict[str, str]:
    """The environment variables of the fake account, which keep real credentials out of a test."""
    return {
        "WHOOSH_ACCOUNT_SID": settings.account_sid,
        "WHOOSH_API_KEY": settings.api_key,
        "WHOOSH_API_SECRET": settings.api_secret,
        "TWILIO_ACCOUNT_SID": settings.account_sid,
        "TWILIO_AUTH_TOKEN": settings.auth_token,
    }


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
