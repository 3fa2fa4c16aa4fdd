"""Declares the keywords of the provisioning methods: types for editors and type checkers, and checks of values.

One of our tests compares each class with the properties that its resource declares in :mod:`.resources`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypedDict

from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.misuse import is_usage_error
from pytest_whoosh.engine.parameters import UNCHANGED, ParameterReader, parameters_of

from .resources import LinkDomain, MessagingService

__tracebackhide__ = is_usage_error

#: The HTTP method of a webhook.
Method: TypeAlias = Literal["GET", "POST"]
#: WhatsApp's decision on a content template. A test compares it with the rows of the engine.
ApprovalStatus: TypeAlias = Literal["approved", "received", "pending", "rejected", "paused", "disabled", "unsubmitted"]
_Version: TypeAlias = Literal["2010-04-01", "2008-08-01"]


class _Named(TypedDict, total=False):
    friendly_name: str


class _Sms(_Named, total=False):
    api_version: _Version
    sms_url: str | None
    sms_method: Method
    sms_fallback_url: str | None
    sms_fallback_method: Method


class _Voice(_Sms, total=False):
    status_callback: str | None
    status_callback_method: Method
    voice_url: str | None
    voice_method: Method
    voice_fallback_url: str | None
    voice_fallback_method: Method
    voice_caller_id_lookup: bool


class NumberProperties(_Voice, total=False):
    """The properties of ``add_number()``."""

    sms_application_sid: str | None
    voice_application_sid: str | None
    voice_receive_mode: Literal["voice", "fax"]
    trunk_sid: str | None
    address_sid: str | None
    identity_sid: str | None
    bundle_sid: str | None
    emergency_status: Literal["Active", "Inactive"]
    emergency_address_sid: str | None
    sms_capable: bool
    mms_capable: bool


class ShortCodeProperties(_Sms, total=False):
    """The properties of ``add_short_code()``."""

    country: str
    mms_capable: bool


class ApplicationProperties(_Voice, total=False):
    """The properties of ``add_application()``."""

    message_status_callback: str | None
    sms_status_callback: str | None
    public_application_connect_enabled: bool


class ChannelSenderProperties(TypedDict, total=False):
    """The properties of ``add_channel_sender()``."""

    friendly_name: str | None
    sms_url: str | None
    sms_method: Method
    fallback_url: str | None
    fallback_method: Method
    status_callback: str | None


class ServiceProperties(_Named, total=False):
    """The properties of ``add_messaging_service()``."""

    inbound_request_url: str | None
    inbound_method: Method
    fallback_url: str | None
    fallback_method: Method
    status_callback: str | None
    sticky_sender: bool
    mms_converter: bool
    smart_encoding: bool
    scan_message_content: Literal["inherit", "enable", "disable"]
    fallback_to_long_code: bool
    area_code_geomatch: bool
    validity_period: int
    synchronous_validation: bool
    usecase: Literal["notifications", "marketing", "verification", "discussion", "poll", "undeclared"]
    use_inbound_webhook_on_number: bool
    us_app_to_person_registered: bool
    advanced_opt_out: bool
    link_shortening_domain: str | LinkDomain | None


class LinkDomainProperties(TypedDict, total=False):
    """The properties of ``add_link_domain()``."""

    fallback_url: str | None
    callback_url: str | None
    continue_on_failure: bool
    disable_https: bool


class VerifyServiceProperties(TypedDict, total=False):
    """The properties of ``add_verify_service()``, except the name and ``code_length``."""

    lookup_enabled: bool
    skip_sms_to_landlines: bool
    dtmf_input_required: bool
    tts_name: str | None
    psd2_enabled: bool
    do_not_share_warning_enabled: bool
    custom_code_enabled: bool
    push_include_date: bool
    push_apn_credential_sid: str | None
    push_fcm_credential_sid: str | None
    totp_issuer: str | None
    totp_time_step: int
    totp_code_length: int
    totp_skew: int
    default_template_sid: str | None
    whatsapp_msg_service_sid: str | None
    whatsapp_from: str | None
    passkeys_relying_party_id: str | None
    passkeys_relying_party_name: str | None
    passkeys_relying_party_origins: str | None
    passkeys_authenticator_attachment: Literal["platform", "cross-platform", "any"] | None
    passkeys_discoverable_credentials: Literal["required", "preferred", "discouraged"] | None
    passkeys_user_verification: Literal["required", "preferred", "discouraged"] | None
    verify_event_subscription_enabled: bool


class _Keyword(NamedTuple):
    """A property that a test can set: its reader, if the API has one, its default, and the value that clears it."""

    read: ParameterReader | None
    default: object
    cleared: object


#: The most properties that are listed beside a suggestion.
_MOST_NAMES: Final = 15

_WEBHOOK: Final = ("inbound_request_url", "sms_url")
#: Properties that people try because other resources have them, each with what resources have instead.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "url": _WEBHOOK,
        "webhook": _WEBHOOK,
        "webhook_url": _WEBHOOK,
        "inbound_url": _WEBHOOK,
        "sms_webhook": _WEBHOOK,
        "sms_webhook_url": _WEBHOOK,
        "sms_url": _WEBHOOK,
        "inbound_request_url": _WEBHOOK,
        "callback": ("message_status_callback", "status_callback"),
        "callback_url": ("message_status_callback", "status_callback"),
        "status_url": ("message_status_callback", "status_callback"),
        "name": ("friendly_name",),
        "sender": ("senders",),
        "numbers": ("senders",),
        "pool": ("senders",),
    }
)


@cache
def _keywords_of(resource: type) -> dict[str, _Keyword]:
    declared = {parameter.field: parameter for parameter in parameters_of(resource)}
    keywords = {}
    for each in fields(resource):
        default = None if each.default is MISSING else each.default
        if parameter := declared.get(each.name):
            cleared = default if parameter.cleared is UNCHANGED else parameter.cleared
            keywords[each.name] = _Keyword(parameter.read, default, cleared)
        elif "by_tests" in each.metadata:
            keywords[each.name] = _Keyword(None, default, default)
    return keywords


def settable_names(resource: type) -> list[str]:
    """Return the names of a resource's properties that a test can set."""
    return list(_keywords_of(resource))


def check_properties(resource: type, properties: Mapping[str, object]) -> dict[str, Any]:
    """Check the properties that a test sets as the API would. None or an empty text clears a property.

    Raises:
        TypeError: The resource has no such property, only the vendor sets it, or the value has the wrong type.
        ValueError: The API would refuse the value.
    """
    keywords = _keywords_of(resource)
    known = {}
    for name, value in properties.items():
        keyword = keywords.get(name)
        if keyword is None:
            valid = [*keywords, *(["senders"] if resource is MessagingService else [])]
            synonyms = {theirs: own for theirs, owns in _SYNONYMS.items() for own in owns if own in valid}
            raise TypeError(unknown_name(f"property of {resource.__name__}", name, valid, synonyms, most=_MOST_NAMES))
        known[name] = keyword.cleared if value is None or value == "" else _check_value(name, keyword, value)
    return known


def _check_value(name: str, keyword: _Keyword, value: object) -> object:
    expected_type, given = type(keyword.default), dialect().argument(name, value)
    if isinstance(value, bool) or expected_type is bool:
        if not isinstance(value, bool) or expected_type is not bool:
            raise TypeError(f"{given}: {name} takes {'True or False' if expected_type is bool else 'no boolean'}.")
        return value
    if keyword.read is None:
        return value
    if not isinstance(value, int if expected_type is int else str):
        raise TypeError(f"{given}: {name} takes {'a whole number' if expected_type is int else 'a text'}.")
    try:
        return keyword.read(str(value))
    except ValueError as problem:
        raise ValueError(f"{given}: {name} takes {problem}.") from None
