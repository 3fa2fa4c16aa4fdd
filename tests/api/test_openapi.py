"""The fake against the published OpenAPI documents: every operation is called, and every answer fits its schema.

The documents are Twilio's, because the vendor serves Twilio's API: https://github.com/twilio/twilio-oai. WHOOSH_OPENAPI
names their directory; the default is beside the repository. Without them these tests are skipped.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from twilio.rest import Client
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

DIRECTORY = Path(os.environ.get("WHOOSH_OPENAPI") or Path(__file__).parents[3] / "shared/reference/openapi")
CAT = "https://app.example/cat.png"
LINK = "https://app.example/status"

#: The paths of the faked operations, by document. Each operation must have an example below.
SCOPE = {
    "api_v2010": "",
    "messaging_v1": r"/Deactivations|/Services(/|$)|/LinkShortening/(?!.*(Certificate|ManagedCert|ValidateDns)$)",
    "content_v1": "",
    "pricing_v1": "",
    "lookups_v1": "",
    "verify_v2": r"/Services(/{Sid})?$|/Verifications(/|$)|/VerificationCheck$|/RateLimits(/|$)|/Attempts(/|$)",
}


@dataclass(frozen=True)
class Call:
    """One call of an operation: the values in its path, and its parameters."""

    path: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


Example = Callable[[Whoosh, Client], list[Call]]


# The examples: each provisions what its calls need, and lists calls that together use every documented parameter


def create_message(whoosh: Whoosh, client: Client) -> list[Call]:
    service = whoosh.add_messaging_service(
        "Reminders", senders=[SENDER, "rcs:agent"], link_shortening_domain="go.example"
    )
    application = whoosh.add_application(message_status_callback=LINK)
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"})
    direct = {"To": PERSON, "From": SENDER}
    over_whatsapp = {"To": f"whatsapp:{PERSON}", "From": f"whatsapp:{SENDER}"}
    through_service = {"To": PERSON, "MessagingServiceSid": service.sid, "Body": "See https://app.example/long"}
    return [
        Call(params={**direct, "Body": "Hi 👋"}),
        Call(params={**direct, "MediaUrl": [CAT, CAT], "SendAsMms": "true", "SmartEncoded": "true"}),
        Call(params={**direct, "ContentSid": template.sid, "ContentVariables": '{"1": "Ada"}'}),
        Call(params={**direct, "Body": "Hi", "StatusCallback": LINK, "ProvideFeedback": "true", "Attempt": "2"}),
        Call(params={**direct, "Body": "Hi", "ApplicationSid": application.sid, "MaxPrice": "0.5"}),
        Call(params={**direct, "Body": "Hi", "ContentRetention": "discard", "AddressRetention": "obfuscate"}),
        Call(params={**direct, "Body": "Hi", "ForceDelivery": "true", "TrafficType": "free", "RiskCheck": "disable"}),
        Call(params={**through_service, "ValidityPeriod": "60", "ShortenUrls": "true", "FallbackFrom": SENDER}),
        Call(params={**through_service, "ScheduleType": "fixed", "SendAt": in_a_day(whoosh)}),
        Call(params={**over_whatsapp, "Body": "Here", "PersistentAction": "geo:1,2"}),
    ]


def fetch_message(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": sid}) for sid in _messages(whoosh, client)]


def list_message(whoosh: Whoosh, client: Client) -> list[Call]:
    newest, *_ = _messages(whoosh, client)[::-1]
    day = f"{whoosh.now:%Y-%m-%d}"
    return [
        Call(),
        Call(params={"To": PERSON, "From": SENDER, "PageSize": "2"}),
        Call(params={"DateSent": day}),
        Call(params={"DateSent>": day, "DateSent<": day}),
        Call(params={"PageSize": "1", "Page": "1", "PageToken": f"PA{newest}"}),
        Call(params={"To": "+15550000000"}),
    ]


def update_message(whoosh: Whoosh, client: Client) -> list[Call]:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    sent = client.messages.create(to=PERSON, from_=SENDER, body="Secret").sid
    whoosh.settle()
    scheduled = client.messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="Hi", schedule_type="fixed", send_at=in_a_day(whoosh)
    ).sid
    return [Call({"Sid": sent}, {"Body": ""}), Call({"Sid": scheduled}, {"Status": "canceled"})]


def delete_message(whoosh: Whoosh, client: Client) -> list[Call]:
    sid = client.messages.create(to=PERSON, from_=SENDER, body="Hi").sid
    whoosh.settle()
    return [Call({"Sid": sid})]


def create_message_feedback(whoosh: Whoosh, client: Client) -> list[Call]:
    sid = client.messages.create(to=PERSON, from_=SENDER, body="Hi", provide_feedback=True).sid
    return [Call({"MessageSid": sid}), Call({"MessageSid": sid}, {"Outcome": "unconfirmed"})]


def list_media(whoosh: Whoosh, client: Client) -> list[Call]:
    day = f"{whoosh.now:%Y-%m-%d}"
    sid = client.messages.create(to=PERSON, from_=SENDER, media_url=[CAT, CAT]).sid
    newest = client.messages(sid).media.list()[0].sid
    return [
        Call({"MessageSid": sid}),
        Call({"MessageSid": sid}, {"DateCreated": day}),
        Call({"MessageSid": sid}, {"DateCreated<": day, "DateCreated>": day}),
        Call({"MessageSid": sid}, {"PageSize": "1", "Page": "1", "PageToken": f"PA{newest}"}),
    ]


def fetch_media(whoosh: Whoosh, client: Client) -> list[Call]:
    sid = client.messages.create(to=PERSON, from_=SENDER, media_url=[CAT]).sid
    return [Call({"MessageSid": sid, "Sid": media.sid}) for media in client.messages(sid).media.list()]


SERVICE = {
    "FriendlyName": "Reminders",
    "InboundRequestUrl": LINK,
    "InboundMethod": "GET",
    "FallbackUrl": LINK,
    "FallbackMethod": "GET",
    "StatusCallback": LINK,
    "StickySender": "false",
    "MmsConverter": "false",
    "SmartEncoding": "false",
    "ScanMessageContent": "disable",
    "FallbackToLongCode": "false",
    "AreaCodeGeomatch": "false",
    "ValidityPeriod": "60",
    "SynchronousValidation": "true",
    "Usecase": "marketing",
    "UseInboundWebhookOnNumber": "true",
}


def create_service(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(params={"FriendlyName": "Reminders"}), Call(params=SERVICE)]


def list_service(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_messaging_service(name) for name in ("Reminders", "Alerts")][1]
    return [Call(), *_pages({}, newest.sid)]


def fetch_service(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_messaging_service("Reminders", senders=[SENDER]).sid})]


def update_service(whoosh: Whoosh, client: Client) -> list[Call]:
    service = {"Sid": whoosh.add_messaging_service("Reminders").sid}
    return [Call(service, SERVICE), Call(service, {"StatusCallback": "", "FallbackUrl": "", "InboundRequestUrl": ""})]


def fetch_usecase(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call()]


#: The parameters that add a sender of each kind to a pool, once the account owns the sender.
SENDERS: dict[str, Callable[[Whoosh], list[dict[str, str]]]] = {
    "PhoneNumber": lambda whoosh: [
        {"PhoneNumberSid": whoosh.add_number(number).sid} for number in (SENDER, "+447700900123")
    ],
    "ShortCode": lambda whoosh: [{"ShortCodeSid": whoosh.add_short_code(code).sid} for code in ("12345", "123456")],
    "AlphaSender": lambda whoosh: [{"AlphaSender": "Whoosh"}],
    "DestinationAlphaSender": lambda whoosh: [
        {"AlphaSender": "Whoosh"},
        {"AlphaSender": "Whoosh DE", "IsoCountryCode": "DE"},
    ],
    "ChannelSender": lambda whoosh: [
        {"Sid": whoosh.add_channel_sender(address).sid}
        for address in (f"whatsapp:{SENDER}", "messenger:108123456789", "rcs:whoosh_agent")
    ],
}


def _create_sender(kind: str) -> Example:
    return lambda whoosh, client: [
        Call(_service(whoosh.add_messaging_service("Reminders").sid), params) for params in SENDERS[kind](whoosh)
    ]


def _list_sender(kind: str) -> Example:
    def calls(whoosh: Whoosh, client: Client) -> list[Call]:
        service, sids = _pool(whoosh, client, kind)
        filtered = [Call(service, {"IsoCountryCode": "DE"})] if kind == "DestinationAlphaSender" else []
        return [Call(service), *_pages(service, sids[-1]), *filtered]

    return calls


def _fetch_sender(kind: str) -> Example:
    def calls(whoosh: Whoosh, client: Client) -> list[Call]:
        service, sids = _pool(whoosh, client, kind)
        return [Call({**service, "Sid": sid}) for sid in sids]

    return calls


def _pool(whoosh: Whoosh, client: Client, kind: str) -> tuple[dict[str, str], list[str]]:
    """Return the path values of a service with senders of a kind, and the senders' SIDs, oldest first."""
    service = _service(whoosh.add_messaging_service("Reminders").sid)
    operation = next(each for each in operations("messaging_v1") if each.name == f"Create{kind}")
    url = operation.url.format(**service)
    answers = [requests.post(url, data=params, auth=client.auth) for params in SENDERS[kind](whoosh)]
    return service, [answer.json()["sid"] for answer in answers]


def _service(sid: str) -> dict[str, str]:
    """Return the values of a path for a service, by both names of the parameter."""
    return {"ServiceSid": sid, "MessagingServiceSid": sid}


def _pages(path: Mapping[str, str], sid: str) -> list[Call]:
    return [
        Call(path, {"PageSize": "1"}),
        Call(path, {"PageSize": "1", "Page": "1", "PageToken": f"PA{sid}"}),
    ]


TEMPLATE = {
    "friendly_name": "greeting",
    "language": "en",
    "variables": {"1": "there"},
    "types": {
        "twilio/text": {"body": "Hi {{1}}"},
        "twilio/quick-reply": {"body": "Hi {{1}}", "actions": [{"title": "Hi", "id": "hi"}]},
    },
}


def create_content(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(params={"language": "en", "types": TEMPLATE["types"]}), Call(params=TEMPLATE)]


def list_content(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_template(body) for body in ("Hi", "Bye")][1]
    return [Call(), *_pages({}, newest.sid)]


def fetch_content(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_template("Hi {{1}}", variables={"1": "there"}).sid})]


def update_content(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_template("Bye", approval="unsubmitted").sid}, TEMPLATE)]


def create_approval(whoosh: Whoosh, client: Client) -> list[Call]:
    template = whoosh.add_template("Hi", approval="unsubmitted")
    return [Call({"ContentSid": template.sid}, {"name": "greeting", "category": "UTILITY"})]


def fetch_approval(whoosh: Whoosh, client: Client) -> list[Call]:
    submitted, plain = (whoosh.add_template(body, approval="unsubmitted") for body in ("Hi", "Bye"))
    approval = ApprovalCreateList.ContentApprovalRequest({"name": "greeting", "category": "UTILITY"})
    client.content.v1.contents(submitted.sid).approval_create.create(approval)
    return [Call({"Sid": submitted.sid}), Call({"Sid": plain.sid})]


DOMAIN_CONFIG = {"FallbackUrl": LINK, "CallbackUrl": LINK, "ContinueOnFailure": "true", "DisableHttps": "true"}


def link_domain(whoosh: Whoosh, client: Client) -> list[Call]:
    service = whoosh.add_messaging_service("Reminders", link_shortening_domain="go.example")
    return [Call({"MessagingServiceSid": service.sid, "DomainSid": whoosh.add_link_domain("go.example").sid})]


def configured_link_domain(whoosh: Whoosh, client: Client) -> list[Call]:
    whoosh.add_link_domain("go.example", fallback_url=LINK, callback_url=LINK)
    return link_domain(whoosh, client)


def update_domain_config(whoosh: Whoosh, client: Client) -> list[Call]:
    domain = {"DomainSid": whoosh.add_link_domain("go.example").sid}
    return [Call(domain, DOMAIN_CONFIG), Call(domain, {"FallbackUrl": "", "CallbackUrl": ""})]


def look_up_v1(whoosh: Whoosh, client: Client) -> list[Call]:
    number = {"PhoneNumber": PERSON}
    whoosh.add_lookup("+447700900123", line_type="landline", carrier="Vodafone", caller_name="Ada")
    return [
        Call(number),
        Call(number, {"Type": ["carrier", "caller-name"], "AddOns": "", "AddOnsData": ""}),
        Call({"PhoneNumber": "07700 900123"}, {"CountryCode": "GB", "Type": ["carrier", "caller-name"]}),
    ]


VERIFY_SERVICE = {
    "FriendlyName": "Acme",
    "CodeLength": "4",
    **dict.fromkeys(
        ["LookupEnabled", "SkipSmsToLandlines", "DtmfInputRequired", "Psd2Enabled", "DoNotShareWarningEnabled",
         "CustomCodeEnabled", "Push.IncludeDate", "VerifyEventSubscriptionEnabled"], "true",
    ),
    "TtsName": "Ada",
    "Push.ApnCredentialSid": "CR" + "1" * 32,
    "Push.FcmCredentialSid": "CR" + "1" * 32,
    "Totp.Issuer": "Acme",
    "Totp.TimeStep": "60",
    "Totp.CodeLength": "8",
    "Totp.Skew": "2",
    "DefaultTemplateSid": "HJ" + "1" * 32,
    "Whatsapp.MsgServiceSid": "MG" + "1" * 32,
    "Whatsapp.From": "whatsapp:+15557122661",
    "Passkeys.RelyingParty.Id": "example.com",
    "Passkeys.RelyingParty.Name": "Example",
    "Passkeys.RelyingParty.Origins": "login.example.com,www.example.com",
    "Passkeys.AuthenticatorAttachment": "platform",
    "Passkeys.DiscoverableCredentials": "required",
    "Passkeys.UserVerification": "preferred",
}  # fmt: skip


def create_verify_service(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(params={"FriendlyName": "Acme"}), Call(params=VERIFY_SERVICE)]


def list_verify_service(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_verify_service(name) for name in ("Acme", "Else")][1]
    return [Call(), *_pages({}, newest.sid)]


def fetch_verify_service(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_verify_service("Acme").sid})]


def update_verify_service(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_verify_service("Acme").sid}, VERIFY_SERVICE)]


def create_verification(whoosh: Whoosh, client: Client) -> list[Call]:
    service = whoosh.add_verify_service("Acme", custom_code_enabled=True, psd2_enabled=True, lookup_enabled=True)
    client.verify.v2.services(service.sid).rate_limits.create(unique_name="ip")
    payment = {"Amount": "39.99", "Payee": "Acme"}
    rest = dict.fromkeys(
        ["CustomMessage", "SendDigits", "ChannelConfiguration", "AppHash", "TemplateSid", "TemplateCustomSubstitutions",
         "DeviceIp", "EnableSnaClientToken", "RiskCheck", "Tags"], "x",
    )  # fmt: skip
    ways = [("sms", PERSON), ("whatsapp", PERSON), ("email", "ada@example.com"), ("auto", "+447700900123")]
    return [
        *(Call(_service(service.sid), {"To": to, "Channel": channel, **payment}) for channel, to in ways),
        Call(
            _service(service.sid),
            {
                "To": PERSON, "Channel": "sms", "CustomCode": "1234", "CustomFriendlyName": "Else", "Locale": "de",
                "RateLimits": '{"ip": "127.0.0.1"}', **payment, **rest,
            },
        ),
    ]  # fmt: skip


def _verification(whoosh: Whoosh, client: Client) -> dict[str, str]:
    service = whoosh.add_verify_service("Acme").sid
    started = client.verify.v2.services(service).verifications.create(to=PERSON, channel="sms")
    return {**_service(service), "Sid": started.sid}


def fetch_verification(whoosh: Whoosh, client: Client) -> list[Call]:
    started = _verification(whoosh, client)
    return [Call(started), Call({**started, "Sid": PERSON})]


def update_verification(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_verification(whoosh, client), {"Status": "canceled"})]


def check_verification(whoosh: Whoosh, client: Client) -> list[Call]:
    started = _verification(whoosh, client)
    right = {"To": PERSON, "Code": whoosh.last_code(PERSON), "Amount": "1", "Payee": "x", "SnaClientToken": "x"}
    return [Call(started, {"VerificationSid": started["Sid"], "Code": "0000"}), Call(started, right)]


def _rate_limit(whoosh: Whoosh, client: Client) -> dict[str, str]:
    service = whoosh.add_verify_service("Acme").sid
    return {
        **_service(service),
        "Sid": client.verify.v2.services(service).rate_limits.create(unique_name="ip").sid,
    }


def create_rate_limit(whoosh: Whoosh, client: Client) -> list[Call]:
    params = {"UniqueName": "user", "Description": "By user"}
    return [Call(_rate_limit(whoosh, client), params)]


def list_rate_limit(whoosh: Whoosh, client: Client) -> list[Call]:
    limit = _rate_limit(whoosh, client)
    client.verify.v2.services(limit["ServiceSid"]).rate_limits.create(unique_name="user")
    return [Call(limit), *_pages(limit, limit["Sid"])]


def fetch_rate_limit(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_rate_limit(whoosh, client))]


def update_rate_limit(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_rate_limit(whoosh, client), {"Description": "By user"})]


def _bucket(whoosh: Whoosh, client: Client) -> dict[str, str]:
    limit = _rate_limit(whoosh, client)
    buckets = client.verify.v2.services(limit["ServiceSid"]).rate_limits(limit["Sid"]).buckets
    return {**limit, "RateLimitSid": limit["Sid"], "Sid": buckets.create(max=5, interval=60).sid}


def create_bucket(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_bucket(whoosh, client), {"Max": "1", "Interval": "10"})]


def list_bucket(whoosh: Whoosh, client: Client) -> list[Call]:
    bucket = _bucket(whoosh, client)
    return [Call(bucket), *_pages(bucket, bucket["Sid"])]


def fetch_bucket(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_bucket(whoosh, client))]


def update_bucket(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(_bucket(whoosh, client), {"Max": "1", "Interval": "10"})]


def list_attempt(whoosh: Whoosh, client: Client) -> list[Call]:
    started = _verification(whoosh, client)
    whoosh.settle()
    (attempt,) = client.verify.v2.verification_attempts.list()
    filters = {
        "DateCreatedAfter": "2020-01-01T00:00:00Z", "DateCreatedBefore": "2099-01-01T00:00:00Z", "Country": "US",
        "ChannelData.To": PERSON, "Channel": "sms", "VerifyServiceSid": started["ServiceSid"],
        "VerificationSid": started["Sid"], "Status": "unconverted",
    }  # fmt: skip
    return [Call(), *_pages({}, attempt.sid), Call(params=filters)]


def fetch_attempt(whoosh: Whoosh, client: Client) -> list[Call]:
    _verification(whoosh, client)
    whoosh.settle()
    return [Call({"Sid": attempt.sid}) for attempt in client.verify.v2.verification_attempts.list()]


def summarize_attempts(whoosh: Whoosh, client: Client) -> list[Call]:
    started = _verification(whoosh, client)
    filters = {
        "DateCreatedAfter": "2020-01-01T00:00:00Z", "DateCreatedBefore": "2099-01-01T00:00:00Z", "Country": "US",
        "Channel": "sms", "VerifyServiceSid": started["ServiceSid"], "DestinationPrefix": "+1",
    }  # fmt: skip
    return [Call(), Call(params=filters)]


#: The common properties of numbers, short codes and applications.
VOICE = {
    "VoiceUrl": LINK,
    "VoiceMethod": "GET",
    "VoiceFallbackUrl": LINK,
    "VoiceFallbackMethod": "GET",
    "VoiceCallerIdLookup": "true",
    "StatusCallback": LINK,
    "StatusCallbackMethod": "GET",
}
SMS = {
    "FriendlyName": "Desk",
    "ApiVersion": "2008-08-01",
    "SmsUrl": LINK,
    "SmsMethod": "GET",
    "SmsFallbackUrl": LINK,
    "SmsFallbackMethod": "GET",
}
APPLICATION = {
    **SMS,
    **VOICE,
    "SmsStatusCallback": LINK,
    "MessageStatusCallback": LINK,
    "PublicApplicationConnectEnabled": "true",
}


def number_settings(whoosh: Whoosh) -> dict[str, str]:
    application = whoosh.add_application().sid
    return {
        **SMS,
        **VOICE,
        "SmsApplicationSid": application,
        "VoiceApplicationSid": application,
        "VoiceReceiveMode": "fax",
        "EmergencyStatus": "Active",
        "EmergencyAddressSid": "AD" + "1" * 32,
        "AddressSid": "AD" + "1" * 32,
        "TrunkSid": "TK" + "1" * 32,
        "IdentitySid": "RI" + "1" * 32,
        "BundleSid": "BU" + "1" * 32,
    }


def create_number(whoosh: Whoosh, client: Client) -> list[Call]:
    return [
        Call(params={"PhoneNumber": SENDER}),
        Call(params={"AreaCode": "415"}),
        Call(params={"PhoneNumber": "+447400123456", **number_settings(whoosh)}),
    ]


def list_number(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_number(number) for number in (SENDER, "+447400123456")][1]
    filters = {"PhoneNumber": "555", "FriendlyName": "Desk", "Beta": "false", "Origin": "twilio"}
    return [Call(), *_pages({}, newest.sid), Call(params=filters)]


def fetch_number(whoosh: Whoosh, client: Client) -> list[Call]:
    incapable = whoosh.add_number("+18005550100", sms_capable=False, mms_capable=False)
    return [Call({"Sid": whoosh.add_number(SENDER).sid}), Call({"Sid": incapable.sid})]


def update_number(whoosh: Whoosh, client: Client) -> list[Call]:
    number = {"Sid": whoosh.add_number(SENDER).sid}
    settings = number_settings(whoosh)
    return [
        Call(number, settings),
        Call(number, dict.fromkeys(settings, "")),
        Call(number, {"AccountSid": client.api.accounts.create().sid}),
    ]


def list_short_code(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_short_code(code) for code in ("12345", "123456")][1]
    return [Call(), *_pages({}, newest.sid), Call(params={"ShortCode": "123**", "FriendlyName": "12345"})]


def fetch_short_code(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_short_code("12345").sid})]


def update_short_code(whoosh: Whoosh, client: Client) -> list[Call]:
    code = {"Sid": whoosh.add_short_code("12345").sid}
    return [Call(code, SMS), Call(code, dict.fromkeys(SMS, ""))]


def create_application(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(), Call(params=APPLICATION)]


def list_application(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = [whoosh.add_application(friendly_name=name) for name in ("Support", "Sales")][1]
    return [Call(), *_pages({}, newest.sid), Call(params={"FriendlyName": "Support"})]


def fetch_application(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": whoosh.add_application().sid})]


def update_application(whoosh: Whoosh, client: Client) -> list[Call]:
    application = {"Sid": whoosh.add_application().sid}
    return [Call(application, APPLICATION), Call(application, dict.fromkeys(APPLICATION, ""))]


def create_account(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(), Call(params={"FriendlyName": "Branch"})]


def list_account(whoosh: Whoosh, client: Client) -> list[Call]:
    newest = client.api.accounts.create()
    return [Call(), *_pages({}, newest.sid), Call(params={"FriendlyName": "Whoosh", "Status": "active"})]


def fetch_account(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"Sid": sid}) for sid in (whoosh.account_sid, client.api.accounts.create().sid)]


def update_account(whoosh: Whoosh, client: Client) -> list[Call]:
    account = {"Sid": client.api.accounts.create().sid}
    return [Call(account, {"FriendlyName": "Branch", "Status": status}) for status in ("suspended", "active", "closed")]


def fetch_balance(whoosh: Whoosh, client: Client) -> list[Call]:
    client.messages.create(to=PERSON, from_=SENDER, body="Hi")
    whoosh.settle()
    return [Call()]


def fetch_deactivation(whoosh: Whoosh, client: Client) -> list[Call]:
    yesterday = (whoosh.now - timedelta(days=1)).date()
    whoosh.deactivate(PERSON, on=yesterday)
    return [Call(params={"Date": f"{yesterday}"})]


def list_country(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call(params={"PageSize": "1000"}), *_pages({}, "AL")]


def fetch_country(whoosh: Whoosh, client: Client) -> list[Call]:
    return [Call({"IsoCountry": code}) for code in ("US", "IS", "XK")]


EXAMPLES: dict[tuple[str, str], Example] = {
    ("api_v2010", "CreateMessage"): create_message,
    ("api_v2010", "FetchMessage"): fetch_message,
    ("api_v2010", "ListMessage"): list_message,
    ("api_v2010", "UpdateMessage"): update_message,
    ("api_v2010", "DeleteMessage"): delete_message,
    ("api_v2010", "CreateMessageFeedback"): create_message_feedback,
    ("api_v2010", "ListMedia"): list_media,
    ("api_v2010", "FetchMedia"): fetch_media,
    ("api_v2010", "DeleteMedia"): fetch_media,
    ("api_v2010", "CreateIncomingPhoneNumber"): create_number,
    ("api_v2010", "ListIncomingPhoneNumber"): list_number,
    ("api_v2010", "FetchIncomingPhoneNumber"): fetch_number,
    ("api_v2010", "UpdateIncomingPhoneNumber"): update_number,
    ("api_v2010", "DeleteIncomingPhoneNumber"): fetch_number,
    ("api_v2010", "ListShortCode"): list_short_code,
    ("api_v2010", "FetchShortCode"): fetch_short_code,
    ("api_v2010", "UpdateShortCode"): update_short_code,
    ("api_v2010", "CreateApplication"): create_application,
    ("api_v2010", "ListApplication"): list_application,
    ("api_v2010", "FetchApplication"): fetch_application,
    ("api_v2010", "UpdateApplication"): update_application,
    ("api_v2010", "DeleteApplication"): fetch_application,
    ("api_v2010", "CreateAccount"): create_account,
    ("api_v2010", "ListAccount"): list_account,
    ("api_v2010", "FetchAccount"): fetch_account,
    ("api_v2010", "UpdateAccount"): update_account,
    ("api_v2010", "FetchBalance"): fetch_balance,
    ("messaging_v1", "FetchDeactivation"): fetch_deactivation,
    ("pricing_v1", "ListMessagingCountry"): list_country,
    ("pricing_v1", "FetchMessagingCountry"): fetch_country,
    ("messaging_v1", "CreateService"): create_service,
    ("messaging_v1", "ListService"): list_service,
    ("messaging_v1", "FetchService"): fetch_service,
    ("messaging_v1", "UpdateService"): update_service,
    ("messaging_v1", "DeleteService"): fetch_service,
    ("messaging_v1", "FetchUsecase"): fetch_usecase,
    ("messaging_v1", "CreateLinkshorteningMessagingService"): link_domain,
    ("messaging_v1", "DeleteLinkshorteningMessagingService"): link_domain,
    ("messaging_v1", "FetchLinkshorteningMessagingServiceDomainAssociation"): link_domain,
    ("messaging_v1", "UpdateDomainConfig"): update_domain_config,
    ("messaging_v1", "FetchDomainConfig"): configured_link_domain,
    ("messaging_v1", "FetchDomainConfigMessagingService"): configured_link_domain,
    ("content_v1", "CreateContent"): create_content,
    ("content_v1", "ListContent"): list_content,
    ("content_v1", "FetchContent"): fetch_content,
    ("content_v1", "UpdateContent"): update_content,
    ("content_v1", "DeleteContent"): fetch_content,
    ("content_v1", "ListContentAndApprovals"): list_content,
    ("content_v1", "CreateApprovalCreate"): create_approval,
    ("content_v1", "FetchApprovalFetch"): fetch_approval,
    ("lookups_v1", "FetchPhoneNumber"): look_up_v1,
    ("verify_v2", "CreateService"): create_verify_service,
    ("verify_v2", "ListService"): list_verify_service,
    ("verify_v2", "FetchService"): fetch_verify_service,
    ("verify_v2", "UpdateService"): update_verify_service,
    ("verify_v2", "DeleteService"): fetch_verify_service,
    ("verify_v2", "CreateVerification"): create_verification,
    ("verify_v2", "FetchVerification"): fetch_verification,
    ("verify_v2", "UpdateVerification"): update_verification,
    ("verify_v2", "CreateVerificationCheck"): check_verification,
    ("verify_v2", "CreateRateLimit"): create_rate_limit,
    ("verify_v2", "ListRateLimit"): list_rate_limit,
    ("verify_v2", "FetchRateLimit"): fetch_rate_limit,
    ("verify_v2", "UpdateRateLimit"): update_rate_limit,
    ("verify_v2", "DeleteRateLimit"): fetch_rate_limit,
    ("verify_v2", "CreateBucket"): create_bucket,
    ("verify_v2", "ListBucket"): list_bucket,
    ("verify_v2", "FetchBucket"): fetch_bucket,
    ("verify_v2", "UpdateBucket"): update_bucket,
    ("verify_v2", "DeleteBucket"): fetch_bucket,
    ("verify_v2", "ListVerificationAttempt"): list_attempt,
    ("verify_v2", "FetchVerificationAttempt"): fetch_attempt,
    ("verify_v2", "FetchVerificationAttemptsSummary"): summarize_attempts,
    **{("messaging_v1", f"Create{kind}"): _create_sender(kind) for kind in SENDERS},
    **{("messaging_v1", f"List{kind}"): _list_sender(kind) for kind in SENDERS},
    **{("messaging_v1", f"Fetch{kind}"): _fetch_sender(kind) for kind in SENDERS},
    **{("messaging_v1", f"Delete{kind}"): _fetch_sender(kind) for kind in SENDERS},
}


def in_a_day(whoosh: Whoosh) -> str:
    return f"{whoosh.now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def _messages(whoosh: Whoosh, client: Client) -> list[str]:
    """Create messages of every status and kind. Return their SIDs, oldest first."""
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    whoosh.when(body="undelivered").undeliver(30003)
    whoosh.when(body="failed").fail(30008)
    whoosh.when(body="read").read()
    bodies = ("delivered", "undelivered", "failed", "redacted")
    settled = [client.messages.create(to=PERSON, from_=SENDER, body=body).sid for body in bodies]
    settled.append(client.messages.create(to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", body="read").sid)
    settled.append(client.messages.create(to=PERSON, from_=SENDER, media_url=[CAT], provide_feedback=True).sid)
    whoosh.settle()
    client.messages(settled[3]).update(body="")
    scheduled = client.messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="Hi", schedule_type="fixed", send_at=in_a_day(whoosh)
    )
    canceled = client.messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="Hi", schedule_type="fixed", send_at=in_a_day(whoosh)
    )
    canceled.update(status="canceled")
    accepted = client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")
    alphanumeric = client.messages.create(to="+447700900123", from_="Whoosh", body="Hi")
    return [*settled, scheduled.sid, canceled.sid, accepted.sid, alphanumeric.sid]


# The documents


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    document: str
    method: str
    url: str
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.definition["operationId"])

    @property
    def parameters(self) -> set[str]:
        """The names of the parameters in the body and the query string."""
        posted = next(iter(self._posted.values()), {}).get("schema", {})
        if "$ref" in posted:
            posted = read_document(self.document)["components"]["schemas"][posted["$ref"].rpartition("/")[2]]
        form = posted.get("properties", {})
        return {*form, *(each["name"] for each in self.definition.get("parameters", ()) if each["in"] == "query")}

    @property
    def carried_in(self) -> str:
        """The argument of ``requests`` for the parameters."""
        if self.method == "get":
            return "params"
        return "json" if "application/json" in self._posted else "data"

    @property
    def _posted(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self.definition.get("requestBody", {}).get("content", {})
        return content

    def answer(self) -> tuple[int, Mapping[str, Any] | None]:
        """Return the documented HTTP status, and the schema of the body, or None if it has none."""
        # If there are two, the first is for a new resource.
        status, response = next(iter(self.definition["responses"].items()))
        content = response.get("content", {}).get("application/json")
        return int(status), content and content["schema"]


@cache
def read_document(name: str) -> dict[str, Any]:
    path = DIRECTORY / f"{name}.json"
    if not path.is_file():
        pytest.skip("needs the OpenAPI documents, in a directory that WHOOSH_OPENAPI names")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def operations(document: str) -> Iterator[Operation]:
    for path, item in read_document(document)["paths"].items():
        for method in {"get", "post", "put", "delete"} & item.keys():
            yield Operation(document, method, item.get("servers", [{"url": ""}])[0]["url"] + path, item[method])


# Their schemas, as JSON Schema


def strict(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema that allows no missing and no additional fields."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(value) for name, value in schema.items() if name not in ("nullable", "properties")}
    made |= {"type": kind} if (kind := schema.get("x-twilio", {}).get("overrideType")) else {}
    if "properties" in schema:
        made["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        made |= {"required": list(schema["properties"]), "additionalProperties": False}
    if not schema.get("nullable"):
        return made
    empty = [{"const": ""}] if schema.get("pattern", "").startswith("^AP") else []
    return {"anyOf": [made, {"type": "null"}, *empty]}  # the examples show an application that is not set as ""


#: The pattern of each format of a text.
SPELLINGS = {
    "date-time-rfc-2822": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "uri": r"((https?:/)?/[!-~]*)?",  # the documents' own examples show a URL of a number that is not set as ""
    "phone-number": r"(whatsapp:)?\+[1-9]\d{6,14}|\d{5,6}|[A-Za-z0-9 &+_-]{1,11}",
    "currency": "[A-Z]{3}",
    "http-method": "GET|POST",
    "iso-country-code": "[A-Z]{2}",
}
FORMATS = jsonschema.FormatChecker(formats=())
for _name, _spelling in SPELLINGS.items():
    FORMATS.checks(_name)(
        lambda value, spelling=_spelling: not isinstance(value, str) or re.fullmatch(spelling, value) is not None
    )


@FORMATS.checks("uri-map")
def is_uri_map(value: object) -> bool:
    return not isinstance(value, dict) or all(re.fullmatch(SPELLINGS["uri"], str(uri)) for uri in value.values())


def mistakes(document: str, schema: Mapping[str, Any], answer: object) -> list[str]:
    """Return the parts of a response that do not fit its schema."""
    components = strict(read_document(document)["components"]["schemas"])
    whole = {**strict(schema), "components": {"schemas": components}}
    validator = jsonschema.Draft7Validator(whole, format_checker=FORMATS)
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(answer)]


# The tests


@pytest.mark.parametrize(("document", "name"), EXAMPLES, ids=lambda text: text)
def test_every_answer_fits_its_schema(document: str, name: str) -> None:
    operation = next(each for each in operations(document) if each.name == name)
    status, schema = operation.answer()
    with Whoosh() as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        calls = EXAMPLES[document, name](whoosh, client)

        for call in calls:
            url = operation.url.format(**{"AccountSid": whoosh.account_sid, **call.path})
            parameters = {operation.carried_in: call.params}
            response = requests.request(operation.method, url, auth=client.auth, allow_redirects=False, **parameters)

            assert (response.status_code, response.text if response.status_code >= 400 else "") == (status, "")
            if schema is None:
                assert response.content == b""
            else:
                assert mistakes(document, schema, response.json()) == []


@pytest.mark.parametrize(("document", "name"), EXAMPLES, ids=lambda text: text)
def test_the_examples_use_every_documented_parameter(document: str, name: str) -> None:
    operation = next(each for each in operations(document) if each.name == name)
    with Whoosh() as whoosh:
        calls = EXAMPLES[document, name](whoosh, Client(whoosh.account_sid, whoosh.auth_token))

    assert operation.parameters - {parameter for call in calls for parameter in call.params} == set()


@pytest.mark.parametrize("document", SCOPE)
def test_every_operation_in_scope_has_an_example(document: str) -> None:
    in_scope = {each.name for each in operations(document) if re.search(SCOPE[document], each.url)}

    assert in_scope == {name for other, name in EXAMPLES if other == document}


@pytest.mark.parametrize(
    ("schema", "answer", "found"),
    [
        ({"type": "string", "nullable": True}, None, []),
        ({"type": "string"}, None, [": None is not of type 'string'"]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {}, [": 'a' is a required property"]),
        ({"type": "object", "properties": {}}, {"a": 1}, [
            ": Additional properties are not allowed ('a' was unexpected)"]),
        ({"type": "string", "format": "currency"}, "usd", [": 'usd' is not a 'currency'"]),
        ({"type": "string", "format": "date-time-rfc-2822"}, "2030-06-15", [
            ": '2030-06-15' is not a 'date-time-rfc-2822'"]),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_noticed(schema: dict[str, Any], answer: object, found: list[str]) -> None:
    assert mistakes("api_v2010", schema, answer) == found
