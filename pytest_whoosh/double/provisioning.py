"""The methods that set up a test's account: numbers, services, templates, prices, opt-outs and more."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any, Final, TypeVar, Unpack
from urllib.parse import urlsplit

from pytest_whoosh.engine.account.content import read_defaults, read_types
from pytest_whoosh.engine.account.keywords import (
    ApplicationProperties,
    ApprovalStatus,
    ChannelSenderProperties,
    LinkDomainProperties,
    NumberProperties,
    ServiceProperties,
    ShortCodeProperties,
    VerifyServiceProperties,
    check_properties,
)
from pytest_whoosh.engine.account.resources import (
    APPROVAL_STATUSES,
    APPROVED,
    UNSUBMITTED,
    Application,
    Approval,
    ChannelSender,
    ContentTemplate,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    Resource,
    ShortCode,
    Sim,
    VerifyService,
)
from pytest_whoosh.engine.addresses import AddressKind, address_kind, channel_of, country_of, parse_address, phone_of
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.lookup import E164, LookupFacts, LookupOverride, read_override
from pytest_whoosh.engine.messages.media import content_type_of, smallest_file
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error, shown_as
from pytest_whoosh.engine.sids import Prefix, is_sid
from pytest_whoosh.engine.timeline import require_aware

from .base import Double

__tracebackhide__ = is_usage_error

M = TypeVar("M", bound=Callable[..., Any])
R = TypeVar("R", bound=Resource)

_SHORT_CODE: Final = re.compile("[0-9]{5,6}")
_DOMAIN: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person's opt-out from a sender or, if ``sender`` is a SID, from a Messaging Service."""

    sid: str
    person: str
    sender: str


@dataclass(frozen=True, slots=True)
class Deactivation:
    """A phone number that carriers took out of service, and the day on which they did."""

    sid: str
    number: str
    on: date


@dataclass(frozen=True, slots=True)
class Balance:
    """The account's balance in US dollars."""

    sid: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """A media URL, and the type of the file behind it."""

    sid: str
    url: str
    content_type: str
    status: int


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a segment to a country, in US dollars."""

    sid: str
    country: str
    price: Decimal


def _is_wrong_call(info: Any) -> bool:
    """True if Python refused the arguments of the call of a method, or the test caused the error in another way."""
    last = info.value.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    return last.tb_frame.f_code.co_name == "locked" or is_usage_error(info)


def _locked(method: M) -> M:
    """Decorate a method to run while no other thread changes the account."""

    @wraps(method)
    def locked(self: "Provisioning", *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = _is_wrong_call
        with self._lock:
            return method(self, *args, **kwargs)

    return locked  # type: ignore[return-value]  # has the signature of the method


@shown_as("Whoosh")
class Provisioning(Double):
    """The methods of a double that set up its account, as the vendor's console does."""

    @_locked
    def add_number(self, number: str, **properties: Unpack[NumberProperties]) -> PhoneNumber:
        """Add a phone number or a wireless SIM to the account.

        Args:
            number: The phone number, or the SIM's address ``"sim:DE..."``.
            properties: The properties of the IncomingPhoneNumber resource in snake case, ``sms_capable`` and
                ``mms_capable``.

        Returns:
            The phone number, with its ``sid``.

        Raises:
            ValueError: ``number`` is not a phone number, or the API refuses the value of a property.
            TypeError: The resource has no such property.

        Example:
            def test_an_inbound_message(whoosh):
                whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

                whoosh.receive("Hi", from_="+15558675310", to="+15557122661")

                assert whoosh.callbacks[0].url == "https://app.example/sms"
        """
        address = parse_address(number)
        if address is None or channel_of(address):
            wanted = 'a phone number such as "+15557122661"'
            if isinstance(number, str) and number.lower().startswith("sim:"):
                wanted = 'a wireless SIM as "sim:DE" and 32 hexadecimal digits'
            raise ValueError(_wrong_argument("add_number", wanted, number))
        if address_kind(address) is AddressKind.SIM:
            return self._create(Sim, phone_number=address, **check_properties(PhoneNumber, properties))
        return self._number(address, check_properties(PhoneNumber, properties))

    @_locked
    def add_short_code(self, code: str, **properties: Unpack[ShortCodeProperties]) -> ShortCode:
        """Add a short code to the account.

        Args:
            code: Five or six digits.
            properties: The properties of the ShortCode resource in snake case, and ``country``, the code of the country
                that it belongs to, such as ``"US"``.

        Returns:
            The short code, with its ``sid``.

        Raises:
            ValueError: ``code`` is not a short code, or the API refuses the value of a property.
            TypeError: The resource has no such property.
        """
        if not isinstance(code, str) or not _SHORT_CODE.fullmatch(code):
            raise ValueError(_wrong_argument("add_short_code", 'five or six digits such as "12345"', code))
        return self._create(ShortCode, short_code=code, **check_properties(ShortCode, properties))

    @_locked
    def add_messaging_service(
        self, name: str, *, senders: Iterable[str] = (), **properties: Unpack[ServiceProperties]
    ) -> MessagingService:
        """Create a Messaging Service with a sender pool.

        A sender may be in the pools of several services, which the API refuses. It is convenient if one test compares
        two services.

        Args:
            name: The service's friendly name.
            senders: The senders: phone numbers, short codes, alphanumeric senders and channel addresses.
            properties: The properties of the Service resource in snake case, such as ``status_callback``.

        Returns:
            The service, with its ``sid``.

        Raises:
            ValueError: A sender is not an address, or the API refuses the value of a property.
            TypeError: The resource has no such property, or ``senders`` is a single string.

        Example:
            def test_a_service_chooses_the_sender(whoosh, client):
                service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
                client.messages.create(to="+15558675310", messaging_service_sid=service.sid, body="Hi")

                whoosh.settle()

                assert whoosh.outbox.one().from_ == "+15557122661"
        """
        if isinstance(senders, str):
            raise TypeError(f"senders takes several senders: write senders=[{senders!r}].")
        domain = properties.get("link_shortening_domain")
        if isinstance(domain, str):
            properties["link_shortening_domain"] = self.add_link_domain(domain)
        elif not isinstance(domain, LinkDomain | None):
            raise TypeError(f'link_shortening_domain takes a domain such as "go.example", not {domain!r}.')
        known = check_properties(MessagingService, {"friendly_name": name, **properties})
        pool = [self._address(sender) for sender in senders]
        for address in pool:
            if address_kind(address) is AddressKind.SIM:
                raise ValueError(f"{address} is a wireless SIM. A sender pool cannot contain one.")
        service = self._create(MessagingService, **known)
        for address in dict.fromkeys(pool):
            self._current_vendor().join_pool(service, self._pool_sender(address))
        return service

    @_locked
    def add_channel_sender(self, address: str, **properties: Unpack[ChannelSenderProperties]) -> ChannelSender:
        """Add a sender on a channel.

        Args:
            address: The address: ``"whatsapp:+15557122661"``, ``"messenger:..."`` or ``"rcs:..."``.
            properties: ``sms_url``, ``sms_method``, ``fallback_url`` and ``fallback_method`` for inbound messages,
                ``status_callback`` for outbound messages, and ``friendly_name``.

        Returns:
            The sender, with its ``sid``.

        Raises:
            ValueError: ``address`` is not a channel address, or the API refuses the value of a property.
            TypeError: There is no such property.
        """
        known = parse_address(address)
        if known is None or channel_of(known) is None:
            raise ValueError(
                _wrong_argument("add_channel_sender", 'a channel address such as "whatsapp:+15557122661"', address)
            )
        return self._create(ChannelSender, address=known, **check_properties(ChannelSender, properties))

    @_locked
    def add_application(self, **properties: Unpack[ApplicationProperties]) -> Application:
        """Create an application (a set of webhooks that numbers and messages refer to).

        Args:
            properties: The properties of the Application resource in snake case, such as ``message_status_callback``.

        Returns:
            The application, with its ``sid``.

        Raises:
            ValueError: The API refuses the value of a property.
            TypeError: The resource has no such property.
        """
        return self._create(Application, **check_properties(Application, properties))

    @_locked
    def add_link_domain(self, domain: str, **properties: Unpack[LinkDomainProperties]) -> LinkDomain:
        """Add a domain for short links. ``add_messaging_service(link_shortening_domain=...)`` adds one too.

        Args:
            domain: The domain, such as ``"go.example"``.
            properties: The properties of the domain's configuration in snake case: ``callback_url`` (receives a webhook
                for each click), ``fallback_url``, ``continue_on_failure`` and ``disable_https``.

        Returns:
            The domain, with its ``sid``.

        Raises:
            ValueError: ``domain`` is not a host name, or the API refuses the value of a property.
            TypeError: There is no such property.
        """
        if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
            raise ValueError(f'A domain for short links must be a hostname such as "go.example", not {domain!r}.')
        return self._create(LinkDomain, domain=domain.lower(), **check_properties(LinkDomain, properties))

    @_locked
    def add_template(
        self,
        body: str = "",
        *,
        variables: Mapping[str, str] | None = None,
        media: Iterable[str] = (),
        types: Mapping[str, Mapping[str, object]] | None = None,
        friendly_name: str | None = None,
        language: str = "en",
        approval: ApprovalStatus = APPROVED,
    ) -> ContentTemplate:
        """Create a content template.

        Args:
            body: The text, such as ``"Hi {{1}}"``.
            variables: The default values of the placeholders.
            media: The URLs of media that are sent with the text.
            types: More content types by name: ``{"twilio/quick-reply": {"body": ..., "actions": [...]}}``.
            friendly_name: The template's name.
            language: The code of the template's language.
            approval: The status of WhatsApp's approval: ``"approved"``, ``"unsubmitted"``, ``"rejected"``,
                ``"paused"``, ``"disabled"``, ``"received"`` or ``"pending"``. The last two become ``"approved"`` after
                five minutes. An unapproved template can be sent within the 24-hour window only.

        Returns:
            The template, with its ``sid``.

        Raises:
            ValueError: The template is empty, or one of the values is not allowed.
            TypeError: ``media`` is a single string.

        Example:
            def test_a_template(whoosh, client):
                template = whoosh.add_template("Hi {{1}}", variables={"1": "there"})
                client.messages.create(to="+15558675310", from_="+15557122661", content_sid=template.sid)

                whoosh.assert_sent(body="Hi there")
        """
        _require_approval_status(approval, "add_template")
        if isinstance(media, str):
            raise TypeError(f"media takes several URLs: write media=[{media!r}].")
        urls = list(media)
        given: dict[str, object] = dict(types or {})
        if urls:
            given["twilio/media"] = {"body": body or None, "media": urls}
        elif body:
            given["twilio/text"] = {"body": body}
        if not given:
            media_or_types = ", or ".join((dialect().argument("media", [...]), dialect().argument("types", {...: ...})))
            raise ValueError(
                f"{dialect().method('add_template')} takes a text, {media_or_types}: a template cannot be empty."
            )
        try:
            known, defaults = (
                read_types(given),
                read_defaults(dict(variables) if isinstance(variables, Mapping) else variables),
            )
        except ValueError as problem:
            end = "" if str(problem).endswith("?") else "."  # a suggestion is a question
            raise ValueError(f"{dialect().method('add_template')}: {problem}{end}") from None
        template = self._create(
            ContentTemplate, types=known, language=language, friendly_name=friendly_name, variables=defaults
        )
        self._approve(template, approval)
        return template

    @_locked
    def set_approval(
        self, template: ContentTemplate | str, status: ApprovalStatus, *, reason: str = ""
    ) -> ContentTemplate:
        """Set the status of WhatsApp's approval of a template. It applies from now on.

        Args:
            template: The template, or its SID. The app may have created it.
            status: The status. The values are those of ``approval`` in :meth:`add_template`.
            reason: The ``rejection_reason`` that the API returns.

        Returns:
            The template.

        Raises:
            ValueError: There is no such template or status.
        """
        _require_approval_status(status, "set_approval")
        sid = template if isinstance(template, str) else str(getattr(template, "sid", template))
        every = (account.resources.templates.get(sid) for account in self._current_vendor().accounts.values())
        found = next(filter(None, every), None)
        if found is None:
            method = dialect().method("add_template")
            raise ValueError(f"No content template has the SID {sid!r}. Create one with {method}.")
        self._approve(found, status, reason)
        return found

    def _approve(self, template: ContentTemplate, status: str, reason: str = "") -> None:
        if status == UNSUBMITTED:
            template.approval = None
            return
        if template.approval is None:
            template.approval = Approval(name=_template_name(template), category="UTILITY")
        template.approval.set_status(status, self._current_vendor().steady)
        template.approval.rejection_reason = reason

    @_locked
    def add_media(
        self, url: str, content: bytes | None = None, *, content_type: str | None = None, status: int = 200
    ) -> MediaUrl:
        """Set the file behind a media URL. The API serves this file as media of the messages with this URL.

        Args:
            url: The URL that messages use as ``media_url``.
            content: The file's bytes. The default is the smallest valid file of its type, as for every other URL.
            content_type: The file's type. The default depends on the URL's extension. If the vendor does not accept the
                type, the message fails with 12300.
            status: The HTTP status of the URL's response. If it is 400 or more, the message fails with 11200.

        Returns:
            The URL, with its ``sid``.

        Raises:
            ValueError: ``url`` is not a URL, or ``status`` is not an HTTP status.
        """
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(_wrong_argument("add_media", 'a URL such as "https://app.example/cat.jpg"', url))
        if content is not None and not isinstance(content, bytes):
            raise TypeError(f"The content of a file must be bytes, not {type(content).__name__}.")
        if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
            raise ValueError(f"The status of a media URL must be an HTTP status such as 404, not {status!r}.")
        file = smallest_file(content_type or content_type_of(url))
        file = replace(file, content=file.content if content is None else content, status=status)
        vendor = self._current_vendor()
        vendor.files.set(url, file)
        return MediaUrl(vendor.sids.new(Prefix.MEDIA_URL), url, file.content_type, status)

    @_locked
    def opt_out(self, person: str, sender: str) -> OptOut:
        """Record that a person opted out of a sender, as if they had texted STOP.

        Args:
            person: The person's number or address.
            sender: The sender's address, or the SID of a Messaging Service.

        Returns:
            The opt-out, with its ``sid``.

        Raises:
            ValueError: ``person`` or ``sender`` is not an address, or there is no such service.
        """
        resources = self._current_vendor().resources
        address = parse_address(person)
        if address is None:
            raise ValueError(_wrong_argument("opt_out", 'a phone number such as "+15558675310"', person))
        if sender in resources.services:
            resources.opted_out.add((phone_of(address), sender))
        elif is_sid(sender, Prefix.MESSAGING_SERVICE):
            method = dialect().method("add_messaging_service")
            raise ValueError(f"No Messaging Service has the SID {sender!r}. Create one with {method}.")
        else:
            sender = self._address(sender)
            resources.opt_out(address, sender)
        return OptOut(self._current_vendor().sids.new(Prefix.OPT_OUT), address, sender)

    @_locked
    def deactivate(self, number: str, on: date | None = None) -> Deactivation:
        """Record that carriers took a US number out of service. That day's deactivation report lists the number.

        The API offers a day's report from the next day on, for 60 days.

        Args:
            number: The phone number.
            on: The day. The default is today.

        Returns:
            The deactivation, with its ``sid``.

        Raises:
            ValueError: ``number`` is not a US number.
        """
        address = parse_address(number)
        if address is None or address_kind(address) is not AddressKind.NUMBER or country_of(address) != "US":
            raise ValueError(_wrong_argument("deactivate", 'a US number such as "+15558675310"', number))
        if on is None:
            on = self._current_vendor().now.date()
        elif isinstance(on, datetime):
            on = require_aware(on, "on=").date()
        if not isinstance(on, date):
            raise TypeError(f"deactivate() takes the day as on=date(2030, 1, 31), not {on!r}.")
        self._current_vendor().deactivated[on].add(address)
        return Deactivation(self._current_vendor().sids.new(Prefix.DEACTIVATION), address, on)

    @_locked
    def set_price(self, country: str, price: object) -> Price:
        """Set the price of a segment to a country.

        Args:
            country: The code of the country, such as ``"US"``.
            price: The price in US dollars, such as ``"0.0079"``.

        Returns:
            The price, with its ``sid``.

        Raises:
            ValueError: There is no such country, or ``price`` is not a price.
        """
        amount = self._current_vendor().prices.set(country, price)
        return Price(self._current_vendor().sids.new(Prefix.PRICE), country.upper(), amount)

    @_locked
    def add_verify_service(
        self, name: str, *, code_length: int = 6, **properties: Unpack[VerifyServiceProperties]
    ) -> VerifyService:
        """Create a Verify service.

        Args:
            name: The service's friendly name. The text of the messages contains it.
            code_length: The number of digits of its codes, from 4 to 10.
            properties: The properties of the Service resource in snake case, such as ``lookup_enabled``.

        Returns:
            The service, with its ``sid``.

        Raises:
            ValueError: The API refuses one of the values.
            TypeError: The resource has no such property.

        Example:
            def test_a_code_is_checked(whoosh, client):
                service = client.verify.v2.services(whoosh.add_verify_service("Shop").sid)
                service.verifications.create(to="+15558675310", channel="sms")

                check = service.verification_checks.create(to="+15558675310", code=whoosh.last_code("+15558675310"))

                assert check.status == "approved"
        """
        given = {"friendly_name": name, "code_length": code_length, **properties}
        return self._create(VerifyService, **check_properties(VerifyService, given))

    @_locked
    def set_balance(self, balance: object) -> Balance:
        """Set the account's balance. Later messages reduce it by their price.

        Args:
            balance: The amount in US dollars, such as ``"0"``.

        Returns:
            The balance, with its ``sid``.

        Raises:
            ValueError: ``balance`` is not an amount of money.
        """
        vendor = self._current_vendor()
        try:
            amount = Decimal(str(balance))
        except InvalidOperation:
            amount = Decimal("NaN")
        if isinstance(balance, bool) or not amount.is_finite():
            raise ValueError(_wrong_argument("set_balance", 'an amount such as "12.50"', balance))
        vendor.account.funds, vendor.account.spent = amount, Decimal(0)
        return Balance(vendor.sids.new(Prefix.BALANCE), amount)

    @_locked
    def add_lookup(
        self,
        number: str,
        *,
        line_type: str | None = None,
        carrier: str | None = None,
        caller_name: str | None = None,
        valid: bool | None = None,
        **facts: Unpack[LookupFacts],
    ) -> LookupOverride:
        """Set the facts that Lookup returns for a number. All other facts come from ``phonenumbers``.

        Args:
            number: The number.
            line_type: ``"mobile"``, ``"landline"``, ``"fixedVoip"``, ``"nonFixedVoip"``, ``"tollFree"`` or another of
                the vendor's line types. Verify sends no SMS to a landline.
            carrier: The carrier's name.
            caller_name: The caller's name.
            valid: False makes the number invalid. True makes it valid regardless of the setting ``numbers``.
            facts: ``caller_type``, ``mobile_country_code``, ``mobile_network_code``, ``validation_errors``,
                ``error_code`` (a code that every package reports instead of data, such as 60600), and the data of the
                other packages as dictionaries: ``sim_swap``, ``call_forwarding``, ``line_status``, ``identity_match``,
                ``reassigned_number``, ``sms_pumping_risk``, ``phone_number_quality_score`` and ``pre_fill``.

        Returns:
            The facts, with their ``sid``.

        Raises:
            ValueError: ``number`` is not a phone number, or Lookup has no such fact or value.
        """
        vendor = self._current_vendor()
        address = number.strip() if isinstance(number, str) else ""
        known = parse_address(address)
        if known is not None and channel_of(known) is None:
            address = known
        elif valid is not False or not E164.fullmatch(address):
            raise ValueError(_wrong_argument("add_lookup", 'a phone number such as "+15558675310"', number))
        given = {**facts, "line_type": line_type, "carrier": carrier, "caller_name": caller_name, "valid": valid}
        return vendor.lookups.add(read_override(vendor.sids.new(Prefix.LOOKUP), address, given))

    def _pool_sender(self, address: str) -> PhoneNumber | ShortCode | ChannelSender | str:
        """Return the account's sender with this address, creating it if needed."""
        kind = address_kind(address)
        if kind is AddressKind.NUMBER:
            return self._number(address, {})
        if kind is AddressKind.SHORT_CODE:
            return self._create(ShortCode, short_code=address)
        return self._create(ChannelSender, address=address) if kind is AddressKind.CHANNEL else address

    def _number(self, number: str, properties: Mapping[str, Any]) -> PhoneNumber:
        vendor = self._current_vendor()
        if vendor.owner_of(number) not in (None, vendor.resources):
            raise WhooshError(
                f"{number} belongs to a sub-account already, and a number belongs to one account only. Add another "
                "number, or release this one from the sub-account first."
            )
        return self._create(PhoneNumber, phone_number=number, **properties)

    def _create(self, resource: type[R], **properties: Any) -> R:
        vendor = self._current_vendor()
        return vendor.create(resource, vendor.account, **properties)


def _wrong_argument(method: str, wanted: str, given: object) -> str:
    return f"{dialect().method(method)} takes {wanted}, not {given!r}."


def _require_approval_status(status: object, method: str) -> None:
    if status not in APPROVAL_STATUSES:
        raise ValueError(f"{dialect().method(method)}: {unknown_name('approval', str(status), APPROVAL_STATUSES)}")


def _template_name(template: ContentTemplate) -> str:
    """Return the name for a template's submission: lower-case letters, digits and underscores."""
    return re.sub("[^a-z0-9]+", "_", (template.friendly_name or "template").lower()).strip("_") or "template"
