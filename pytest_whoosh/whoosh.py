"""Whoosh, the object a test holds: wires the parts together."""

import inspect
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import wraps
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, overload
from urllib.parse import urlsplit

from . import assertions
from .api import ROUTER
from .api.routing import dispatch
from .clocks import AppClock
from .engine.addresses import Kind, channel_of, country_of, kind_of, normalize
from .engine.content import read_defaults, read_types
from .engine.errors import WhooshError, choose_from
from .engine.http import Request, Response
from .engine.inbound import Conversation, Deliveries, receive
from .engine.lifecycle import Status
from .engine.links import only_link
from .engine.matching import Matcher
from .engine.media import File, smallest, type_of
from .engine.records import (
    Application,
    ChannelSender,
    ContentTemplate,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    ShortCode,
)
from .engine.rules import Rule
from .engine.settings import read_settings
from .engine.timeline import moment
from .engine.vendor import Vendor
from .transports import Interception
from .transports.guard import Guard
from .transports.webhooks import AsgiApp, Courier, WsgiApp
from .travel import Travel
from .views import Callback, MediaFile, Message, Messages, Phone, Reply

R = TypeVar("R")

_SHORT_CODE: Final = re.compile(r"\d{5,6}")
_DOMAIN: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_NOT_INTERCEPTED: Final = (
    "pytest-whoosh stopped a call to {host} before it left this machine: it came over a library that the whoosh "
    "fixture does not stand in. It answers calls made with requests, httpx, aiohttp, urllib3, http.client and "
    "urllib.request: send this one with one of these."
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
        self._travel = Travel(self._vendor, self._clock, self._courier, self._lock)
        #: Whether time has moved under an API call, so that webhooks of that time are still to be delivered.
        self._behind = False
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
        self._interception = Interception(self.answer)
        self._interception.start()
        self._guard.start()
        self._active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._active = False
        self._guard.stop()
        self._interception.stop()
        self._courier.close()
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
        vendor = self._vendor
        return assertions.traffic(vendor.journal, vendor.messages, vendor.webhooks)

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
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'mount() takes a base URL such as "https://app.example", not {base_url!r}.')
        if app is not None and not callable(app):
            raise TypeError(f"mount() takes a WSGI or ASGI application, which can be called; {app!r} cannot.")
        self._courier.mount(base_url, app)

    # People

    def receive(
        self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: str
    ) -> Reply:
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
        conversation, deliveries = self._receive(body, from_, to, media, params)
        self._travel.deliver(deliveries)
        return Reply(conversation, self._touch)

    async def areceive(
        self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: str
    ) -> Reply:
        """Do as :meth:`receive` inside a running event loop, where the handlers of ASGI apps then run too."""
        conversation, deliveries = self._receive(body, from_, to, media, params)
        await self._travel.adeliver(deliveries)
        return Reply(conversation, self._touch)

    def phone(self, number: str) -> Phone:
        """A person's phone, which writes to the app and shows what it got: keeps conversations readable."""
        address = self._person(number)

        def received() -> Messages:
            return self.outbox.filter(to=address, status=re.compile("^(delivered|read)$"))

        return Phone(address, self.receive, received)

    def _receive(
        self, body: str, from_: str, to: str, media: Iterable[MediaFile], params: Mapping[str, str]
    ) -> tuple[Conversation, Deliveries]:
        self._touch()
        if isinstance(media, str):
            raise TypeError(f"media takes several files: write media=[{media!r}].")
        person, ours = self._person(from_), self._address(to)
        with self._lock:
            urls = tuple(self._media_url(file) for file in media)
            conversation = receive(
                self._vendor, self._vendor.account, from_=person, to=ours, body=body, media=urls, extra=params
            )
        return conversation, conversation.run()

    def _media_url(self, file: MediaFile) -> str:
        if isinstance(file, str):
            return file
        content, content_type = file
        url = f"whoosh:media/{self._vendor.sids.new('ME', counted_as='given media')}"
        self._vendor.files.give(url, File(content, content_type))
        return url

    @staticmethod
    def _person(number: str) -> str:
        address = normalize(number)
        if address is None:
            raise ValueError(f'A person is a phone number such as "+15558675310", or a channel address; not {number!r}.')
        return address

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
        domain = properties.get("link_shortening_domain")
        if isinstance(domain, str):
            properties["link_shortening_domain"] = self.add_link_domain(domain)
        elif not isinstance(domain, LinkDomain | None):
            raise TypeError(f'link_shortening_domain takes a domain such as "go.example", not {domain!r}.')
        known = _known(MessagingService, properties)
        pool = [self._address(sender) for sender in senders]
        service = self._vendor.new_service(name, **known)
        for address in dict.fromkeys(pool):
            self._vendor.new_pool_sender(service, self._pool_sender(address))
        return service

    def add_channel_sender(self, address: str) -> ChannelSender:
        """Give the account a sender on a channel: ``"whatsapp:+15557122661"``, ``"messenger:..."`` or ``"rcs:..."``."""
        known = normalize(address) if isinstance(address, str) else None
        if known is None or channel_of(known) is None:
            raise ValueError(
                f'add_channel_sender() takes a channel address such as "whatsapp:+15557122661", not {address!r}.'
            )
        return self._vendor.new_channel_sender(known)

    def add_application(self, **properties: object) -> Application:
        """Create an application; takes its properties in snake case, such as ``message_status_callback``."""
        return self._vendor.new_application(**_known(Application, properties))

    def add_link_domain(self, domain: str, **properties: object) -> LinkDomain:
        """Give the account a domain for short links, such as ``"go.example"``; add_messaging_service() takes it too.

        Takes the properties of its configuration in snake case: ``callback_url``, to which clicks are reported,
        ``fallback_url``, ``continue_on_failure`` and ``disable_https``.
        """
        if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
            raise ValueError(f'A domain for short links is a hostname such as "go.example", not {domain!r}.')
        return self._vendor.new_link_domain(domain.lower(), **_known(LinkDomain, properties))

    def add_template(
        self,
        body: str = "",
        *,
        variables: Mapping[str, str] | None = None,
        media: Iterable[str] = (),
        types: Mapping[str, Mapping[str, object]] | None = None,
        friendly_name: str | None = None,
        language: str = "en",
    ) -> ContentTemplate:
        """Create a content template: its text, such as ``"Hi {{1}}"``, and the defaults of its ``variables``.

        ``media`` are the URLs of media that go with it. ``types`` adds content types to that of the text, by their
        names: ``{"twilio/quick-reply": {"body": ..., "actions": [...]}}``.
        """
        if isinstance(media, str):
            raise TypeError(f"media takes several URLs: write media=[{media!r}].")
        urls = list(media)
        given: dict[str, object] = dict(types or {})
        if urls:
            given["twilio/media"] = {"body": body or None, "media": urls}
        elif body:
            given["twilio/text"] = {"body": body}
        if not given:
            raise ValueError("add_template() takes a text, media=[...], or types={...}: a template says something.")
        try:
            known, defaults = read_types(given), read_defaults(variables and dict(variables))
        except ValueError as problem:
            raise ValueError(f"add_template(): {problem}.") from None
        return self._vendor.new_template(known, language, friendly_name=friendly_name, variables=defaults)

    def add_media(self, url: str, content: bytes | None = None, *, content_type: str | None = None) -> None:
        """Let a file stand behind a media URL, which the API then serves as the media of the messages that name it.

        Without ``content`` it is the smallest valid file of its type, as it is for every other URL. The type follows
        the URL's extension unless ``content_type`` names it.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f'add_media() takes a URL such as "https://app.example/cat.jpg", not {url!r}.')
        if content is not None and not isinstance(content, bytes):
            raise TypeError(f"The content of a file is bytes, not {type(content).__name__}.")
        kind = content_type or type_of(url)
        self._vendor.files.give(url, smallest(kind) if content is None else File(content, kind))

    def click(self, link: Message | str, *, user_agent: str = "Mozilla/5.0") -> str:
        """Be a person who follows a short link: by its text, or the only one in a message.

        Reports the click to the app, where the link's domain has a ``callback_url``.

        Returns:
            Where it leads: to the URL that it stands for, or after 90 days to the fallback URL of its domain.

        Raises:
            WhooshError: it leads nowhere.
        """
        self._touch()
        with self._lock:
            text = link if isinstance(link, str) else only_link(self._record(link)).text
            target = self._vendor.click(text, user_agent)
        self._touch()
        return target

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

    def deactivate(self, number: str, on: date | None = None) -> None:
        """Let carriers have taken a number of the United States out of service: it is in the report of that day.

        ``on`` is today unless given. The API has a day's report from the next day on, for 60 days.
        """
        address = normalize(number) if isinstance(number, str) else None
        if address is None or kind_of(address) is not Kind.NUMBER or country_of(address) != "US":
            raise ValueError(f'deactivate() takes a number of the United States such as "+15558675310", not {number!r}.')
        if on is None or isinstance(on, datetime):
            on = moment(on or self.now).date()
        if not isinstance(on, date):
            raise TypeError(f"deactivate() takes the day as on=date(2030, 1, 31), not {on!r}.")
        self._vendor.deactivated[on].add(address)

    def set_price(self, country: str, price: object) -> None:
        """Set what a segment to a country costs, in US dollars: ``set_price("US", "0.0079")``."""
        self._vendor.prices.set(country, price)

    def _pool_sender(self, address: str) -> PhoneNumber | ShortCode | ChannelSender | str:
        """What the account has at an address, to join a sender pool; it gets what it does not have yet."""
        kind = kind_of(address)
        if kind is Kind.NUMBER:
            return self._vendor.new_number(address)
        if kind is Kind.SHORT_CODE:
            return self._vendor.new_short_code(address)
        return self._vendor.new_channel_sender(address) if kind is Kind.CHANNEL else address

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


def _known(record: type, properties: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse a property that the record does not have, or that only the vendor sets."""
    fixed = {"sid", "account_sid", "date_created", "date_updated", "pool", "remembered", "config_sid", "domain"}
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
