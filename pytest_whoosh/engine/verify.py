"""Sends codes to people, and checks the codes that they enter, for the Verify product.

See https://www.twilio.com/docs/verify/api/verification, .../verification-check, .../service-rate-limits,
.../rate-limits-and-timeouts and the error codes 60200 to 60223. A code is valid for ten minutes from its first
delivery, and stays the same during that time. It can be sent five times, and checked five times.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import Final, TypeAlias

from .account.account import Account
from .account.resources import Bucket, RateLimit, VerifyService
from .account.verifications import APPROVED, EXHAUSTED, EXPIRED, Attempt, Verification
from .addresses import country_of, phone_number, same_address
from .carrier.carrier import segments_to_send
from .errors import ApiError
from .http import Request, Response
from .limits import CODE_LIFETIME, LONGEST_CODE, MOST_CHECKS, MOST_SENDS, SHORTEST_CODE
from .messages.lifecycle import DEFAULT_JOURNEY, Status
from .messages.matching import Matcher
from .messages.record import OUTBOUND_API, Message
from .sids import Prefix
from .vendor import Vendor

#: The channels that an app can name, and the channel that is used for each.
CHANNELS: Final[Mapping[str, str]] = MappingProxyType(
    {"sms": "sms", "auto": "sms", "whatsapp": "whatsapp", "call": "call", "email": "email"}
)
#: The sender of messages, by channel. The vendor uses its own numbers.
SENDERS: Final[Mapping[str, str]] = MappingProxyType({"sms": "Verify", "whatsapp": "whatsapp:+18885550100"})

#: The text of a message by language, see https://www.twilio.com/docs/verify/supported-languages. Other languages fall
#: back to English.
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "Your {name} verification code is: {code}",
        "de": "Dein {name}-Verifizierungscode lautet: {code}",
        "es": "Tu código de verificación de {name} es: {code}",
        "fr": "Votre code de vérification {name} est : {code}",
        "it": "Il tuo codice di verifica {name} è: {code}",
        "nl": "Je verificatiecode voor {name} is: {code}",
        "pt": "O seu código de verificação {name} é: {code}",
    }
)
#: The language for each country. Other countries get English.
LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AT": "de", "DE": "de", "ES": "es", "MX": "es", "AR": "es", "CO": "es", "CL": "es", "FR": "fr", "IT": "it",
        "NL": "nl", "PT": "pt", "BR": "pt",
    }
)  # fmt: skip
_WARNING: Final = ". Don't share this code with anyone; our employees will never ask for the code."
_PAYMENT: Final = " to pay {amount} to {payee}"

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CODE: Final = re.compile(f"[A-Za-z0-9]{{{SHORTEST_CODE},{LONGEST_CODE}}}")
#: The longest interval, because later moments cannot be represented. No test takes this long.
_LONGEST_INTERVAL: Final = 100 * 365 * 24 * 3600
_LOCALE: Final = re.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,4})?")


@dataclass(frozen=True, slots=True)
class StartParameters:
    """The parameters that an app posts to start a verification."""

    to: str
    channel: str
    custom_code: str | None = None
    custom_name: str | None = None
    locale: str | None = None
    amount: str | None = None
    payee: str | None = None
    app_hash: str | None = None
    #: The rate limits as JSON: the value of the key by the limit's name.
    rate_limits: str | None = None


#: A verification, or a scripted response instead of it.
VerificationOrResponse: TypeAlias = Verification | Response


def invalid_parameter(parameter: str, value: str | None = None) -> ApiError:
    """Return the error for an invalid parameter. The vendor's text has two forms: with and without the value."""
    if value is None:
        return ApiError(60200, {"parameter": parameter})
    return ApiError(60200, message=f"Invalid parameter `{parameter}`: {value}")


def start_verification(
    vendor: Vendor, account: Account, service: VerifyService, given: StartParameters, request: Request
) -> VerificationOrResponse:
    """Start a verification, or send the code of the open one again.

    Raises:
        ApiError: A parameter is invalid, a limit is reached, or the channel cannot reach the person.
    """
    channel = CHANNELS.get(given.channel)
    if channel is None:
        raise invalid_parameter("Channel")
    to = read_recipient(vendor, given.to, channel)
    _require_features(service, given, channel)
    buckets = _buckets_for(account, service, given.rate_limits)
    verifications = account.resources.verifications
    open_one = verifications.find(service.sid, to)
    if open_one and open_one.status == EXHAUSTED:
        raise ApiError(60202)
    if open_one and len(open_one.attempts) >= MOST_SENDS:
        raise ApiError(60203)
    if channel == "sms" and _refuses_landline(vendor, service, to):
        raise ApiError(60205)
    verification = open_one or _new_verification(vendor, account, service, to, channel)
    code = given.custom_code or verification.code
    locale = _choose_locale(given, to)
    message = _code_message(vendor, channel, to, _code_text(service, given, code, locale))
    answer = vendor.rules.decide(message)
    if answer is None or answer.carried_out:
        _count_start(vendor, buckets)
        if open_one is None:
            verifications.add(verification)
            vendor.timeline.schedule_after(
                CODE_LIFETIME, len(vendor.messages), _expire_code, verification, planned=True
            )
        verification.code, verification.channel, verification.date_updated = code, channel, vendor.now
        if service.psd2_enabled:
            verification.amount, verification.payee = given.amount, given.payee
        _record_attempt(vendor, account, verification, message, locale)
    return answer.give(request, partial(vendor.error_texts, message)) if answer else verification


def preview_message(vendor: Vendor, account: Account, service: VerifyService, given: StartParameters) -> Message:
    """Return the message that :func:`start_verification` would send, for rules to match. A new code is all zeros here.

    Raises:
        ApiError: The channel or the recipient is invalid.
    """
    channel = CHANNELS.get(given.channel)
    if channel is None:
        raise invalid_parameter("Channel")
    to = read_recipient(vendor, given.to, channel)
    open_one = account.resources.verifications.find(service.sid, to)
    code = given.custom_code or (open_one.code if open_one else "0" * service.code_length)
    return _code_message(vendor, channel, to, _code_text(service, given, code, _choose_locale(given, to)))


def check_code(
    account: Account, service: VerifyService, target: str, code: str, amount: str | None, payee: str | None
) -> Verification | None:
    """Check a code that a person entered. Return the verification, or None if the person has no open one.

    Raises:
        ApiError: The code is malformed (60200), or five wrong codes were entered before (60202).
    """
    if not _CODE.fullmatch(code):
        raise invalid_parameter("Code")
    verification = account.resources.verifications.find(service.sid, target)
    if verification is None:
        return None
    if verification.wrong_checks >= MOST_CHECKS:
        verification.status = EXHAUSTED
        raise ApiError(60202)
    matches = code == verification.code
    if service.psd2_enabled:
        if not amount or not payee:
            raise ApiError(60206)
        matches = matches and (amount, payee) == (verification.amount, verification.payee)
    if matches:
        verification.status = APPROVED
    else:
        verification.wrong_checks += 1
    return verification


def read_recipient(vendor: Vendor, text: str, channel: str) -> str:
    """Return a phone number, or an email address for the channel ``email``, in its standard spelling.

    Raises:
        ApiError: The text is not a valid number or address.
    """
    if channel == "email":
        if not _EMAIL.fullmatch(text):
            raise invalid_parameter("To", text)
        return text.strip().lower()
    number = phone_number(text, vendor.settings.numbers) if text.strip().startswith("+") else None
    if number is None or not vendor.lookups.find(number).valid:
        raise invalid_parameter("To", text)
    return number


def _require_features(service: VerifyService, given: StartParameters, channel: str) -> None:
    if given.custom_code is not None:
        if not service.custom_code_enabled:
            raise ApiError(60204)
        if not _CODE.fullmatch(given.custom_code):
            raise invalid_parameter("CustomCode")
    if given.locale is not None and not _LOCALE.fullmatch(given.locale):
        raise invalid_parameter("Locale")
    if service.psd2_enabled:
        if channel == "call":
            raise ApiError(60214)
        if not given.amount or not given.payee:
            raise ApiError(60206)


def _refuses_landline(vendor: Vendor, service: VerifyService, to: str) -> bool:
    """True if the number is a landline, and the service skips SMS to landlines or a test set the line type."""
    given = vendor.lookups.override(to)
    skips = service.lookup_enabled and service.skip_sms_to_landlines
    return vendor.lookups.is_landline(to) and (skips or (given is not None and given.line_type is not None))


# Rate limits


def _buckets_for(account: Account, service: VerifyService, text: str | None) -> list[tuple[Bucket, str]]:
    """Return the buckets that a verification counts in, each with the value of its key.

    Raises:
        ApiError: The rate limits cannot be read (60200), or a bucket is full (20429).
    """
    if not text:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid_parameter("RateLimits") from None
    limits = {
        limit.unique_name: limit
        for limit in account.resources.records_of(RateLimit)
        if limit.service_sid == service.sid
    }
    if not isinstance(values, dict) or not values.keys() <= limits.keys():
        raise invalid_parameter("RateLimits")
    found = [
        (bucket, str(value))
        for name, value in values.items()
        for bucket in account.resources.records_of(Bucket)
        if bucket.rate_limit_sid == limits[name].sid
    ]
    if any(bucket.started[value] >= bucket.max for bucket, value in found):
        raise ApiError(20429)
    return found


def _count_start(vendor: Vendor, buckets: list[tuple[Bucket, str]]) -> None:
    for bucket, value in buckets:
        bucket.started[value] += 1
        interval = timedelta(seconds=min(bucket.interval, _LONGEST_INTERVAL))
        vendor.timeline.schedule_after(interval, len(vendor.messages), _forget_start, (bucket, value), planned=True)


def _forget_start(started: object) -> None:
    assert isinstance(started, tuple)
    bucket, value = started
    bucket.started[value] -= 1


# Codes


def _new_verification(vendor: Vendor, account: Account, service: VerifyService, to: str, channel: str) -> Verification:
    sid = vendor.sids.new(Prefix.VERIFICATION)
    digits = int(vendor.sids.secret(sid), 16) % 10**service.code_length
    lookup = {"carrier": vendor.lookups.find(to).carrier_of_v1()} if service.lookup_enabled and "@" not in to else {}
    return Verification(
        sid=sid,
        account_sid=account.sid,
        service_sid=service.sid,
        to=to,
        channel=channel,
        code=f"{digits:0{service.code_length}}",
        date_created=vendor.now,
        date_updated=vendor.now,
        lookup=dict(lookup),
    )


def _expire_code(verification: object) -> None:
    assert isinstance(verification, Verification)
    if verification.is_open:
        verification.status = EXPIRED


def _choose_locale(given: StartParameters, to: str) -> str:
    if given.locale:
        return given.locale
    return LANGUAGES.get(country_of(to), "en") if to.startswith("+") else "en"


def _code_text(service: VerifyService, given: StartParameters, code: str, locale: str) -> str:
    name = given.custom_name or service.friendly_name
    text = TEXTS.get(locale[:2].lower(), TEXTS["en"]).format(name=name, code=code)
    if service.psd2_enabled:
        text += _PAYMENT.format(amount=given.amount, payee=given.payee)
    if service.do_not_share_warning_enabled:
        text += _WARNING
    return f"<#> {text} {given.app_hash}" if given.app_hash else text


def _code_message(vendor: Vendor, channel: str, to: str, body: str) -> Message:
    """Return the message with a code. For a call or an email, it exists only for a test's rules to match."""
    now = vendor.now
    message = Message(
        sid="",
        serial=0,
        account=vendor.verify_account,
        to=f"whatsapp:{to}" if channel == "whatsapp" else to,
        from_=SENDERS.get(channel, SENDERS["sms"]),
        body=body,
        direction=OUTBOUND_API,
        status=Status.QUEUED,
        date_created=now,
        date_updated=now,
        journey=DEFAULT_JOURNEY,
    )
    message.num_segments = segments_to_send(message)
    return message


def _record_attempt(
    vendor: Vendor, account: Account, verification: Verification, message: Message, locale: str
) -> None:
    attempt = Attempt(
        sid=vendor.sids.new(Prefix.VERIFICATION_ATTEMPT),
        channel=verification.channel,
        locale=locale,
        date_created=vendor.now,
        date_updated=vendor.now,
        verification=verification,
        serial=len(vendor.messages),
    )
    if verification.channel in SENDERS:
        vendor.send_code(message)
        attempt.message = message
    verification.attempts.append(attempt)
    account.resources.verifications.attempts.add(attempt)


def last_attempt(verifications: Iterable[Verification], to: str, matcher: Matcher) -> Attempt | None:
    """Return the newest delivery of a code to a person on any channel. ``matcher`` matches messages to the person."""
    attempts = (
        attempt for verification in verifications for attempt in verification.attempts if _went_to(attempt, to, matcher)
    )
    return max(attempts, key=attrgetter("sid"), default=None)  # SIDs have a counter, so they sort by age


def _went_to(attempt: Attempt, to: str, matcher: Matcher) -> bool:
    person = attempt.verification.to
    if attempt.message and matcher.matches(attempt.message):
        return True
    return isinstance(to, str) and (same_address(to, person) or to.strip().lower() == person)
