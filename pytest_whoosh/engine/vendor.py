"""The state behind one double: accounts, clock, carrier, rules and the journal of API calls."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, partial
from http import HTTPStatus
from operator import attrgetter, itemgetter
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from .account.account import Account, AccountResources
from .account.resources import (
    ApiKey,
    ChannelSender,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    PoolSender,
    Resource,
    ShortCode,
)
from .account.tokens import account_of_token, new_token
from .account.verifications import Verification
from .addresses import mask_address
from .carrier.carrier import Carrier
from .carrier.links import Links, click_document, follow, host_of, is_alive
from .carrier.prices import Prices
from .carrier.throughput import Throughput
from .collection import Collection
from .concurrency import Concurrency
from .errors import ApiError
from .hosts import API_HOST, CDN_HOST, api_host_beside, is_cdn, is_vendor
from .http import NetworkFault, Request, Response
from .lookup import Lookups
from .messages.chains import Chains
from .messages.media import Files
from .messages.record import Media, Message
from .messages.signed_urls import SignedUrls
from .misuse import WhooshNotFakedError, is_usage_error
from .rules.calls import CallRule
from .rules.rules import Rules
from .settings import Settings
from .sids import Prefix, Sids
from .timeline import Timeline
from .webhooks.callbacks import Webhook, signed_json_webhook
from .webhooks.log import WebhookLog

__tracebackhide__ = is_usage_error

R = TypeVar("R", bound=Resource)


class _Dated(Protocol):
    date_updated: datetime


D = TypeVar("D", bound=_Dated)

_NOT_FOLLOWED: Final = (
    "the client did not follow the redirect to the file. Write follow_redirects=True (httpx), allow_redirects=True "
    "(requests, aiohttp), or fetch the URL in the Location header"
)
#: The longest body of a refused call that the journal reads, in characters, and the longest value that it shows.
_LONGEST_POSTED: Final = 20_000
_LONGEST_VALUE: Final = 120
#: The longest URL and note that the journal keeps, in characters: an error text may repeat a body of 8 MB.
_LONGEST_TEXT: Final = 8_000
#: The note on a call that raised :class:`WhooshNotFakedError`, which says the rest.
NOT_FAKED: Final = "not faked, and no rule of the test answers it"
#: The note on a call that a thread of an earlier test made.
LEFT_OVER: Final = "sent by a thread that {test} started"


@dataclass(slots=True, eq=False)
class ApiCall:
    """One API call and its result, for the report of a failed test."""

    at: datetime
    method: str
    url: str
    status: int | None
    code: int | None = None
    note: str | None = None
    sid: str | None = None
    #: What a refused call posted, such as ``To='12'``.
    posted: str | None = None
    #: The rule about API calls that answered it.
    rule: CallRule | None = None

    @property
    def remark(self) -> str | None:
        """The note, and the rule that answered the call in the words of the reader's dialect."""
        scripted = f"scripted by {self.rule._written}" if self.rule else None
        return ", ".join(filter(None, (self.note, scripted))) or None

    @property
    def is_refused(self) -> bool:
        """True if the API answered with an error, or not at all."""
        return self.status is None or self.status >= HTTPStatus.BAD_REQUEST


class Vendor:
    """The fake vendor behind the API of one double."""

    def __init__(self, settings: Settings, now: datetime, app_now: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        #: Returns the time on the app's own clock. It differs from the vendor's clock if ``clock`` is ``"virtual"``.
        self.app_now = app_now or (lambda: self.now)
        #: The moment at which the double became active.
        self.started = now
        #: The URL of the local server, if the double has one.
        self.server_url: str | None = None
        #: The vendor host that the app called last. None if it called none, or used a local server's own host.
        self.called_host: str | None = None
        self.timeline = Timeline(now)
        self.chains = Chains()
        self.sids = Sids(settings.seed)
        self.prices = Prices()
        self.rules = Rules()
        self.resources = AccountResources()
        self.accounts: dict[str, Account] = {}
        self.account = self._open_account(settings.account_sid)
        self.account.keys.add(self._key(self.account, settings.api_key, settings.api_secret))
        #: All messages, the outbound ones, and the inbound ones, each oldest first.
        self.messages: list[Message] = []
        self.outbound: list[Message] = []
        self.inbound: list[Message] = []
        self.journal: list[ApiCall] = []
        self.webhooks = WebhookLog(settings.seed)
        #: The numbers that carriers deactivated, by day.
        self.deactivated: dict[date, set[str]] = defaultdict(set)
        self.files = Files()
        self.lookups = Lookups(settings.numbers)
        #: The messages that Verify sent. They don't belong to the account: the vendor sends them from its own numbers.
        self.codes: list[Message] = []
        self.signed_urls = SignedUrls(settings.seed)
        #: The calls that were redirected to a file, by the query string of the file's URL, until the app fetches it.
        self._redirected: dict[str, list[ApiCall]] = defaultdict(list)
        self.links = Links(settings.seed)
        realistic = settings.throughput == "realistic"
        #: The senders' queues. None if throughput is unlimited.
        self.throughput = Throughput() if realistic else None
        #: The API calls under way. None if throughput is unlimited.
        self.concurrency = Concurrency() if realistic else None
        self.carrier = Carrier(self.timeline, settings.delays, self.prices, self.webhooks, self.links, self.throughput)

    @property
    def now(self) -> datetime:
        """The current moment on the vendor's clock."""
        return self.timeline.now

    @property
    def steady(self) -> datetime:
        """The clock for spans: store its value when a span begins (see :mod:`pytest_whoosh.engine.timeline`)."""
        return self.timeline.steady

    @property
    def origin(self) -> str:
        """The origin of URLs in webhooks. It is the vendor host that the app uses, because apps check it."""
        if host := self.settings.url_host:
            return f"https://{host}"
        if self.called_host:
            return f"https://{api_host_beside(self.called_host)}"
        return self.server_url or f"https://{API_HOST}"

    def record_host(self, request: Request) -> None:
        """Record the host that the app called. If the double has a server, only calls to the server count."""
        if request.host == CDN_HOST:
            return
        if request.server is None:
            self.called_host = None if self.server_url else request.host
        else:
            netloc = urlsplit(request.server).netloc
            self.called_host = netloc if is_vendor(netloc) else None

    # Accounts

    def account_named(self, sid: str) -> Account | None:
        """Return the account that a path names. With ``credentials="any"``, any name opens one, even ``test``."""
        account = self.accounts.get(sid)
        if account is None and self.settings.credentials == "any":
            account = self._open_account(sid)
        return account

    def account_of_sender(self, sender: str) -> Account:
        """Return the account that owns a sender; the main account if none owns it."""
        owners = (each for each in self.accounts.values() if each.resources.has_sender(sender))
        return next(owners, self.account)

    def account_of_credentials(self, user: str, password: str) -> Account | None:
        """Return the account with this SID and auth token, or with this API key and secret.

        Unknown credentials return None with ``credentials="exact"``, and otherwise the main account.
        """
        account = self.accounts.get(user)
        secret = account.auth_token if account else None
        if account is None:
            for owner in self.accounts.values():
                if key := owner.keys.get(user):
                    account, secret = owner, key.secret
                    break
        if self.settings.credentials == "exact":
            return account if password == secret else None
        return account or (self.account_named(user) if user.startswith(Prefix.ACCOUNT) else self.account)

    def new_token(self, account: Account) -> str:
        """Return an access token for an account, which is valid for an hour."""
        return new_token(account.sid, self.settings.auth_token, self.now)

    def account_of_bearer(self, token: str) -> Account | None:
        """Return the account of an access token.

        An unknown token returns None with ``credentials="exact"``, and otherwise the main account.
        """
        sid = account_of_token(token, self.settings.auth_token, self.now)
        if sid is None:
            return None if self.settings.credentials == "exact" else self.account
        return self.account_named(sid)

    def may_access(self, caller: Account, account: Account) -> bool:
        """True if one account's credentials give access to another account."""
        return self.settings.credentials == "any" or caller in (account, account.owner)

    def new_account(self, owner: Account, friendly_name: str) -> Account:
        """Create a sub-account. It shares only the balance with its owner."""
        sid = self.sids.new(Prefix.ACCOUNT)
        account = Account(sid, self.sids.secret(sid), AccountResources(), self.now, owner.owner or owner)
        account.friendly_name = friendly_name
        self.accounts[sid] = account
        return account

    def new_key(self, account: Account, **properties: Any) -> ApiKey:
        """Create an API key."""
        sid = self.sids.new(Prefix.API_KEY)
        return account.keys.add(self._key(account, sid, self.sids.secret(sid), **properties))

    def _key(self, account: Account, sid: str, secret: str, **properties: Any) -> ApiKey:
        now = self.now
        return ApiKey(sid=sid, account_sid=account.sid, secret=secret, date_created=now, date_updated=now, **properties)

    def balance(self, account: Account) -> Decimal:
        """Return an account's balance. Sub-accounts spend their owner's money."""
        owner = account.owner or account
        return owner.funds + owner.spent

    def _open_account(self, sid: str) -> Account:
        account = self.accounts[sid] = Account(sid, self.settings.auth_token, self.resources, self.now)
        account.friendly_name = "Whoosh"
        return account

    # Messages

    def send(self, message: Message, request: Request) -> Response | None:
        """Accept a message that an app sends, unless one of the test's rules answers the API call instead.

        Returns:
            The scripted answer; None if the API answers as usual.

        Raises:
            ApiError: the sender's queue is full, or a rule refuses the call. A Messaging Service still accepts the
                message if the queue is full, and then fails it.
            NetworkFault: a rule scripts a timeout or a disconnect.
        """
        if message.service is None and not self.carrier.has_room(message):
            raise ApiError(21611)
        answer = self.rules.decide(message)
        if answer is None or answer.carried_out:
            self.accept(message)
        return answer.give(request, partial(self.error_texts, message)) if answer else None

    def error_texts(self, message: Message) -> dict[str, object]:
        """Return the values for placeholders in the text of an API error about a message."""
        service_sid = message.service.sid if message.service else ""
        return {
            "to": mask_address(message.to),
            "from_": message.from_ or service_sid,
            "account_sid": message.account.sid,
            "service_sid": service_sid,
            "url": message.status_callback or "",
            "least": self.settings.schedule_minimum.total_seconds(),
        }

    def accept(self, message: Message) -> None:
        """Store a message and start its life."""
        message.sid = self.sids.new(Prefix.MMS if message.is_mms else Prefix.SMS, counted_as=Prefix.SMS)
        message.serial = len(self.messages)
        if message.media_urls:
            message.media = Collection(self._media(message, url) for url in message.media_urls)
        try:
            message.account.add(message)
            self.messages.append(message)
            self.chains.add(message)
            if message.is_outbound:
                self.outbound.append(message)
                self.carrier.start(message)
            else:
                self.inbound.append(message)
        except BaseException:  # an interrupt
            self._finish_accepting(message)
            raise

    def _finish_accepting(self, message: Message) -> None:
        """Finish what an interrupt left undone, if the account has the message. Otherwise nobody has it."""
        if message.account.find_message(message.sid) is not message:
            return
        for kept in (self.messages, self.outbound if message.is_outbound else self.inbound):
            if kept[-1:] != [message]:
                kept.append(message)
        if message.is_outbound:
            self.carrier.resume(message)

    def _media(self, message: Message, url: str) -> Media:
        return Media(
            sid=self.sids.new(Prefix.MEDIA),
            account_sid=message.account.sid,
            parent_sid=message.sid,
            date_created=self.now,
            date_updated=self.now,
            file=self.files.get(url),
        )

    def click(self, text: str, user_agent: str) -> tuple[str, list[Webhook]]:
        """Follow a short link as a person does. Return its target, and the webhooks that report the click."""
        link, host = self.links.find(text), host_of(text)
        domains = (account.resources.by_identity(LinkDomain, host) for account in self.accounts.values())
        target = follow(text, link, next(filter(None, domains), None), self.steady)
        if link and is_alive(link, self.steady) and link.domain.callback_url and not link.message.deleted:
            message = link.message
            report = signed_json_webhook(
                link.domain.callback_url,
                click_document(link, self.now, user_agent),
                auth_token=message.account.auth_token,
                at=self.now,
                message=message,
                token=self.webhooks.new_token(),
            )
            message.webhooks += (report,)
            self.webhooks.all.append(report)
            return target, [report]
        return target, []

    # Verify

    @cached_property
    def verify_account(self) -> Account:
        """The vendor's own account. It sends Verify's messages, and the main account pays for them."""
        return Account(Prefix.ACCOUNT + self.sids.secret("verify"), "", AccountResources(), self.now, self.account)

    def send_code(self, message: Message) -> None:
        """Send a message for Verify."""
        message.sid = self.sids.new(Prefix.SMS)
        message.serial = len(self.messages)
        message.account.add(message)
        # A channel always accepts codes, because the vendor's own templates are approved.
        message.account.last_heard[message.to, message.from_] = self.steady
        self.codes.append(message)
        self.carrier.start(message)

    @property
    def verifications(self) -> list[Verification]:
        """The verifications of all accounts, oldest first."""
        every = dict.fromkeys(account.resources for account in self.accounts.values())
        found = [verification for resources in every for verification in resources.verifications.records]
        return sorted(found, key=attrgetter("sid"))  # SIDs have a counter, so they sort by age

    @property
    def all_messages(self) -> Sequence[Message]:
        """All messages to and from people, including Verify's, oldest first."""
        if not self.codes:
            return self.messages
        # A Verify message has the same serial as the account's next message.
        own = [(message.serial, 1, message) for message in self.messages]
        codes = [(message.serial, 0, message) for message in self.codes]
        return [message for _, _, message in sorted(own + codes, key=itemgetter(0, 1))]

    # Resources

    def create(self, resource: type[R], account: Account, /, **properties: Any) -> R:
        """Create a resource in an account, or update the account's resource with the same identity."""
        resources = account.resources
        if resource.IDENTITY:
            existing = resources.by_identity(resource, properties[resource.IDENTITY])
            if existing is not None:
                return self.update(existing, properties)
        return resources.add(self._new(resource, account, properties))

    def _new(self, resource: type[R], account: Account, properties: Mapping[str, Any]) -> R:
        sid, now = resource.new_sid(self.sids, properties), self.now
        return resource(sid=sid, account_sid=account.sid, date_created=now, date_updated=now, **properties)

    def update(self, record: D, properties: Mapping[str, object]) -> D:
        """Set properties of a record by name."""
        record.date_updated = self.now
        for name, value in properties.items():
            setattr(record, name, value)
        return record

    def owner_of(self, address: str) -> AccountResources | None:
        """Return the resources of the account that owns a number or short code; None if no account does."""
        every = (account.resources for account in self.accounts.values())
        return next((resources for resources in every if resources.owned(address)), None)

    def has_sender(self, address: str) -> bool:
        """True if an account has a sender with this address."""
        return any(account.resources.has_sender(address) for account in self.accounts.values())

    def transfer(self, number: PhoneNumber, account: Account) -> None:
        """Move a phone number to another account, which removes it from its sender pools."""
        self.accounts[number.account_sid].resources.remove(number)
        number.account_sid = account.sid
        account.resources.add(number)

    def join_pool(
        self,
        service: MessagingService,
        sender: PhoneNumber | ShortCode | ChannelSender | str,
        *,
        destination: str = "",
    ) -> PoolSender:
        """Add one of the account's senders, or an alphanumeric sender, to a service's sender pool."""
        pooled = PoolSender(
            sid=self.sids.new(Prefix.ALPHA_SENDER) if isinstance(sender, str) else sender.sid,
            address=sender if isinstance(sender, str) else sender.address,
            destination=destination,
            owned_record=sender if isinstance(sender, PhoneNumber | ShortCode) else None,
            date_created=self.now,
            date_updated=self.now,
        )
        return self.accounts[service.account_sid].resources.join_pool(service, pooled)

    # The journal

    def record_origin(self, test: str) -> None:
        """Note that the last API call came from a thread that an earlier test started."""
        api_call = self.journal[-1]
        earlier = f"{api_call.note}, " if api_call.note else ""
        api_call.note = f"{earlier}{LEFT_OVER.format(test=test)}"
        if api_call.method == "POST" and api_call.sid:
            message = next((each for each in reversed(self.all_messages) if each.sid == api_call.sid), None)
            if message:
                message.left_over_from = test

    def record_call(
        self,
        request: Request,
        result: Response | NetworkFault | WhooshNotFakedError,
        error: ApiError | None = None,
        sid: str | None = None,
        rule: CallRule | None = None,
    ) -> None:
        """Record an API call and its result in the journal. ``rule`` is the rule that answered it, if any."""
        api_call = ApiCall(self.timeline.now, request.method, _shortened(request.url), None, sid=sid)
        if isinstance(result, WhooshNotFakedError):
            api_call.note = NOT_FAKED
        elif isinstance(result, NetworkFault):
            api_call.note = str(result)
        else:
            api_call.status = result.status
        if error:
            api_call.code = error.code
            api_call.note = _shortened(f"{error.message} ({error.why})" if error.why else error.message)
        if api_call.is_refused and request.method == "POST":
            api_call.posted = _posted(request)
        api_call.rule = rule
        if api_call.status == HTTPStatus.TEMPORARY_REDIRECT and isinstance(result, Response):
            api_call.note = _NOT_FOLLOWED
            self._redirected[str(result.header("location")).partition("?")[2]].append(api_call)
        elif self._redirected and is_cdn(request.host):
            for redirect in self._redirected.pop(request.query_string, ()):
                redirect.note = None
        self.journal.append(api_call)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _posted(request: Request) -> str | None:
    """Return a request's posted form as one line that is short enough for a report."""
    if len(request.body) > _LONGEST_POSTED:
        return f"{len(request.body):,} bytes"
    if "json" in (request.header("Content-Type") or ""):
        return request.text[:_LONGEST_VALUE]
    pairs = [f"{name}={value[:_LONGEST_VALUE]!r}" for name, values in request.form.items() for value in values]
    return ", ".join(pairs) or None
