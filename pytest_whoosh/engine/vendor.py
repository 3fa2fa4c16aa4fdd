"""The vendor as one test knows it: its accounts, its clock, its carrier, and all that went to and fro."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from .account import Account, Provisions, Sids
from .callbacks import Webhook
from .carrier import Carrier
from .errors import ApiError
from .http import NetworkFault, Request, Response
from .prices import Prices
from .records import (
    Application,
    Message,
    MessagingService,
    PhoneNumber,
    ShortCode,
)
from .rules import Rules
from .settings import Settings
from .timeline import Timeline

R = TypeVar("R")

#: Direction of the messages that an app sends through the API.
OUTBOUND_API: Final = "outbound-api"


@dataclass(slots=True, eq=False)
class Exchange:
    """One API call and what came of it, for the report of a failed test."""

    at: datetime
    method: str
    url: str
    status: int | None
    code: int | None = None
    note: str | None = None
    sid: str | None = None


class Vendor:
    """Everything behind the API of one double."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings = settings
        self.timeline = Timeline(now)
        self.sids = Sids(settings.seed)
        self.prices = Prices()
        self.rules = Rules()
        self.provisions = Provisions()
        self.accounts: dict[str, Account] = {}
        self.account = self._open(settings.account_sid)
        self.messages: list[Message] = []
        self.journal: list[Exchange] = []
        #: Every webhook that left for the app, and every one that a network lost.
        self.webhooks: list[Webhook] = []
        #: The webhooks that wait to be delivered.
        self.due: deque[Webhook] = deque()
        self.carrier = Carrier(self.timeline, settings.delays, self.prices, self.account_of, self.post)

    @property
    def now(self) -> datetime:
        """The present moment on the vendor's clock."""
        return self.timeline.now

    # Accounts

    def account_at(self, sid: str) -> Account | None:
        """The account that a path names. While any credentials do, every well-formed SID opens one."""
        account = self.accounts.get(sid)
        if account is None and self.settings.credentials == "any":
            account = self._open(sid)
        return account

    def account_of(self, message: Message) -> Account:
        """The account that a message belongs to."""
        return self.accounts[message.account_sid]

    def _open(self, sid: str) -> Account:
        account = self.accounts[sid] = Account(sid, self.settings.auth_token, self.provisions)
        return account

    # Messages

    def send(self, account: Account, message: Message, texts: Mapping[str, object]) -> Response | None:
        """Take a message that an app sends, unless a rule of the test has the API answer otherwise."""
        answer = self.rules.apply(message, texts)
        if answer is None:
            self.take(account, message)
        return answer

    def take(self, account: Account, message: Message) -> None:
        """Keep a message, and let it live."""
        message.sid = self.sids.new("MM" if message.is_mms else "SM", counted_as="SM")
        message.serial = len(self.messages)
        account.add(message)
        self.messages.append(message)
        self.carrier.take(message)

    def post(self, webhook: Webhook) -> None:
        """Let a webhook leave for the app, as soon as time is not being spent on something else."""
        self.webhooks.append(webhook)
        if not webhook.dropped:
            self.due.append(webhook)

    # Provisioning

    def new_number(self, phone_number: str, **properties: object) -> PhoneNumber:
        """Give the account a phone number; it keeps the one that it has already."""
        held = self.provisions.owned(phone_number)
        if isinstance(held, PhoneNumber):
            return _update(held, properties)
        number = PhoneNumber(
            sid=self.sids.new("PN"),
            account_sid=self.account.sid,
            phone_number=phone_number,
            date_created=self.now,
            date_updated=self.now,
        )
        self.provisions.own(_update(number, properties))
        return number

    def new_short_code(self, short_code: str, **properties: object) -> ShortCode:
        """Give the account a short code; it keeps the one that it has already."""
        held = self.provisions.owned(short_code)
        if isinstance(held, ShortCode):
            return _update(held, properties)
        code = ShortCode(
            sid=self.sids.new("SC"),
            account_sid=self.account.sid,
            short_code=short_code,
            friendly_name=short_code,
            date_created=self.now,
            date_updated=self.now,
        )
        self.provisions.own(_update(code, properties))
        return code

    def new_service(self, friendly_name: str, **properties: object) -> MessagingService:
        """Create a Messaging Service."""
        service = MessagingService(
            sid=self.sids.new("MG"),
            account_sid=self.account.sid,
            friendly_name=friendly_name,
            date_created=self.now,
            date_updated=self.now,
        )
        return self.provisions.services.add(_update(service, properties))

    def new_application(self, **properties: object) -> Application:
        """Create an application."""
        application = Application(
            sid=self.sids.new("AP"), account_sid=self.account.sid, date_created=self.now, date_updated=self.now
        )
        return self.provisions.applications.add(_update(application, properties))

    # The journal

    def note(
        self, request: Request, answer: Response | NetworkFault, error: ApiError | None = None, sid: str | None = None
    ) -> None:
        """Write down an API call and what came of it."""
        exchange = Exchange(self.now, request.method, request.url, None, sid=sid)
        if isinstance(answer, NetworkFault):
            exchange.note = str(answer)
        else:
            exchange.status = answer.status
        if error:
            exchange.code, exchange.note = error.code, error.message
        self.journal.append(exchange)


def _update(record: R, properties: Mapping[str, object]) -> R:
    for name, value in properties.items():
        setattr(record, name, value)
    return record
