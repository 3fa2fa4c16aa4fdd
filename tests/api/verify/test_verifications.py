"""Verifications: sending, checking and expiry of codes, errors, and views for tests."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

OTHER = "+15558675311"
Service = Any


@pytest.fixture
def service(whoosh: Whoosh, client: Client) -> Service:
    """Return a Verify service as the SDK shows it."""
    return client.verify.v2.services(whoosh.add_verify_service("Acme").sid)


def refusal(call: Callable[..., object], *args: Any, **options: Any) -> tuple[int, int, str]:
    """Return the HTTP status, the error code and the text of an API error."""
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value.status, refused.value.code, refused.value.msg.partition(": ")[2]


def wrong(code: str) -> str:
    return str(int(code[0] != "1")) + code[1:]


# The life of a verification


def test_the_right_code_is_approved(whoosh: Whoosh, service: Service) -> None:
    started = service.verifications.create(to=PERSON, channel="sms")
    checked = service.verification_checks.create(to=PERSON, code=whoosh.last_code(PERSON))

    assert (started.status, started.valid, started.to, started.channel) == ("pending", False, PERSON, "sms")
    assert (checked.status, checked.valid, checked.sid) == ("approved", True, started.sid)
    assert [each.status for each in whoosh.verifications] == ["approved"]


def test_a_check_names_the_verification_by_its_sid_too(whoosh: Whoosh, service: Service) -> None:
    started = service.verifications.create(to=PERSON, channel="sms")

    checked = service.verification_checks.create(verification_sid=started.sid, code=whoosh.last_code(PERSON))

    assert checked.status == "approved"


def test_a_wrong_code_stays_pending_and_the_sixth_check_is_refused(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")
    code = whoosh.last_code(PERSON)

    checks = [service.verification_checks.create(to=PERSON, code=wrong(code)) for _ in range(5)]
    sixth = refusal(service.verification_checks.create, to=PERSON, code=code)

    assert {(check.status, check.valid) for check in checks} == {("pending", False)}
    assert sixth == (429, 60202, "Max check attempts reached")
    assert [(each.status, each.wrong_checks) for each in whoosh.verifications] == [("max_attempts_reached", 5)]
    assert refusal(service.verifications.create, to=PERSON, channel="sms")[:2] == (429, 60202)


def test_checks_are_possible_again_once_the_verification_has_expired(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")
    for _ in range(5):
        service.verification_checks.create(to=PERSON, code=wrong(whoosh.last_code(PERSON)))
    refusal(service.verification_checks.create, to=PERSON, code="123456")

    whoosh.travel(minutes=10)
    service.verifications.create(to=PERSON, channel="sms")

    assert service.verification_checks.create(to=PERSON, code=whoosh.last_code(PERSON)).valid


@pytest.mark.parametrize(("span", "found"), [(timedelta(minutes=9, seconds=59), True), (timedelta(minutes=10), False)])
@pytest.mark.whoosh(clock="virtual")
def test_a_code_expires_ten_minutes_after_it_was_first_sent(
    whoosh: Whoosh, service: Service, span: timedelta, found: bool
) -> None:
    service.verifications.create(to=PERSON, channel="sms")
    code = whoosh.last_code(PERSON)
    whoosh.travel(minutes=5)
    service.verifications.create(to=PERSON, channel="sms")

    whoosh.travel(span - timedelta(minutes=5))

    if found:
        assert service.verification_checks.create(to=PERSON, code=code).valid
    else:
        status, error, text = refusal(service.verification_checks.create, to=PERSON, code=code)
        assert (status, error) == (404, 20404)
        assert re.fullmatch(r"The requested resource /Services/VA\w{32}/VerificationCheck was not found", text)
        assert whoosh.verifications[0].status == "expired"


def test_settle_delivers_a_code_and_does_not_wait_for_its_end(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    whoosh.settle()

    assert whoosh.verifications[0].status == "pending"
    assert [message.status for message in whoosh.verifications[0].messages] == ["delivered"]


@pytest.mark.parametrize("end", ["approved", "canceled"])
def test_an_approved_or_canceled_verification_is_not_found(whoosh: Whoosh, service: Service, end: str) -> None:
    started = service.verifications.create(to=PERSON, channel="sms")
    code = whoosh.last_code(PERSON)

    updated = service.verifications(started.sid).update(status=end)

    assert (updated.status, updated.valid) == (end, end == "approved")
    assert refusal(service.verification_checks.create, to=PERSON, code=code)[:2] == (404, 20404)
    assert refusal(service.verifications(started.sid).fetch)[:2] == (404, 20404)
    assert refusal(service.verifications(PERSON).update, status="canceled")[:2] == (404, 20404)
    assert whoosh.verifications[0].status == end


def test_a_verification_is_fetched_by_sid_and_by_number(service: Service) -> None:
    started = service.verifications.create(to=PERSON, channel="sms")

    assert service.verifications(started.sid).fetch().sid == started.sid
    assert service.verifications(PERSON).fetch().sid == started.sid
    assert refusal(service.verifications(OTHER).fetch)[:2] == (404, 20404)


def test_the_code_stays_the_same_until_it_is_entered(whoosh: Whoosh, service: Service) -> None:
    first = service.verifications.create(to=PERSON, channel="sms")
    code = whoosh.last_code(PERSON)
    again = service.verifications.create(to=PERSON, channel="sms")

    assert (again.sid, whoosh.last_code(PERSON)) == (first.sid, code)
    assert len(again.send_code_attempts) == 2
    assert [each.attempts for each in whoosh.verifications] == [2]

    service.verification_checks.create(to=PERSON, code=code)
    new = service.verifications.create(to=PERSON, channel="sms")

    assert new.sid != first.sid
    assert whoosh.last_code(PERSON) != code


def test_a_code_is_sent_five_times_at_most(whoosh: Whoosh, service: Service) -> None:
    for _ in range(5):
        service.verifications.create(to=PERSON, channel="sms")

    assert refusal(service.verifications.create, to=PERSON, channel="sms") == (
        429,
        60203,
        "Max send attempts reached",
    )
    assert service.verifications.create(to=OTHER, channel="sms").status == "pending"

    service.verifications(PERSON).update(status="canceled")

    assert service.verifications.create(to=PERSON, channel="sms").status == "pending"


# Codes


@pytest.mark.parametrize("length", range(4, 11))
def test_a_code_has_the_length_of_its_service(whoosh: Whoosh, client: Client, length: int) -> None:
    sid = whoosh.add_verify_service("Acme", code_length=length).sid
    service = client.verify.v2.services(sid)
    service.verifications.create(to=PERSON, channel="sms")

    code = whoosh.last_code(PERSON)

    assert re.fullmatch(f"[0-9]{{{length}}}", code)
    assert service.verification_checks.create(to=PERSON, code=code).valid


def test_codes_are_the_same_in_every_run() -> None:
    codes = []
    for _ in range(2):
        with Whoosh() as whoosh:
            client = Client(whoosh.account_sid, whoosh.auth_token)
            service = client.verify.v2.services(whoosh.add_verify_service("Acme").sid)
            service.verifications.create(to=PERSON, channel="sms")
            service.verifications.create(to=OTHER, channel="sms")
            codes.append([each.code for each in whoosh.verifications])

    assert codes[0] == codes[1]
    assert len(set(codes[0])) == 2


def test_an_app_can_set_its_own_code(whoosh: Whoosh, client: Client) -> None:
    sid = whoosh.add_verify_service("Acme", custom_code_enabled=True).sid
    service = client.verify.v2.services(sid)
    service.verifications.create(to=PERSON, channel="sms", custom_code="AB12")

    assert whoosh.last_code(PERSON) == "AB12"
    assert service.verification_checks.create(to=PERSON, code="AB12").valid
    assert refusal(service.verifications.create, to=PERSON, channel="sms", custom_code="123")[:2] == (400, 60200)


def test_a_code_of_its_own_must_be_enabled(service: Service) -> None:
    assert refusal(service.verifications.create, to=PERSON, channel="sms", custom_code="1234") == (
        403,
        60204,
        "Service does not support this feature",
    )


@pytest.mark.parametrize("code", ["", "123", "12345678901", "12 34", "12-34", "١٢٣٤"])
def test_a_malformed_code_is_refused(service: Service, code: str) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    assert refusal(service.verification_checks.create, to=PERSON, code=code) == (
        400,
        60200,
        "Invalid parameter: Code",
    )


# Parameters


@pytest.mark.parametrize(
    ("to", "channel", "text"),
    [
        ("5558675310", "sms", "Invalid parameter `To`: 5558675310"),
        ("+1555", "sms", "Invalid parameter `To`: +1555"),
        ("ada@example.com", "sms", "Invalid parameter `To`: ada@example.com"),
        (PERSON, "email", f"Invalid parameter `To`: {PERSON}"),
        (PERSON, "pigeon", "Invalid parameter: Channel"),
        (PERSON, "", "Invalid parameter: Channel"),
    ],
)
def test_a_wrong_recipient_or_channel_is_refused(service: Service, to: str, channel: str, text: str) -> None:
    assert refusal(service.verifications.create, to=to, channel=channel) == (400, 60200, text)


def test_a_check_names_a_person_or_a_verification(service: Service) -> None:
    assert refusal(service.verification_checks.create, code="123456")[:2] == (400, 60221)


def test_a_verification_is_approved_or_canceled_only(service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    assert refusal(service.verifications(PERSON).update, status="pending") == (
        400,
        60200,
        "Invalid parameter: Status",
    )


def test_an_unknown_service_is_not_found(client: Client) -> None:
    service = client.verify.v2.services("VA" + "0" * 32)

    assert refusal(service.verifications.create, to=PERSON, channel="sms") == (
        404,
        20404,
        f"The requested resource /Services/VA{'0' * 32}/Verifications was not found",
    )


def test_a_verification_belongs_to_its_service(whoosh: Whoosh, client: Client, service: Service) -> None:
    started = service.verifications.create(to=PERSON, channel="sms")
    other = client.verify.v2.services(whoosh.add_verify_service("Other").sid)

    assert refusal(other.verifications(started.sid).fetch)[:2] == (404, 20404)
    assert refusal(other.verification_checks.create, to=PERSON, code=whoosh.last_code(PERSON))[:2] == (404, 20404)


def test_a_landline_gets_no_sms(whoosh: Whoosh, service: Service) -> None:
    whoosh.add_lookup(PERSON, line_type="landline")

    assert refusal(service.verifications.create, to=PERSON, channel="sms") == (
        403,
        60205,
        "SMS is not supported by landline phone number",
    )
    assert service.verifications.create(to=PERSON, channel="call").status == "pending"


@pytest.mark.parametrize(
    ("settings", "sent"),
    [({}, True), ({"lookup_enabled": True}, True), ({"lookup_enabled": True, "skip_sms_to_landlines": True}, False)],
    ids=str,
)
def test_a_service_skips_landlines_if_set_up_so(whoosh: Whoosh, client: Client, settings: Any, sent: bool) -> None:
    service = client.verify.v2.services(whoosh.add_verify_service("Acme", **settings).sid)
    landline = "+442071838750"

    if sent:
        assert service.verifications.create(to=landline, channel="sms").status == "pending"
    else:
        assert refusal(service.verifications.create, to=landline, channel="sms")[:2] == (403, 60205)


def test_a_number_that_lookup_calls_invalid_is_refused(whoosh: Whoosh, service: Service) -> None:
    whoosh.add_lookup(PERSON, valid=False)

    assert refusal(service.verifications.create, to=PERSON, channel="sms")[:2] == (400, 60200)


def test_a_verification_shows_what_lookup_says(whoosh: Whoosh, client: Client, service: Service) -> None:
    whoosh.add_lookup(PERSON, carrier="Ma Bell")
    asking = client.verify.v2.services(whoosh.add_verify_service("Acme", lookup_enabled=True).sid)

    assert asking.verifications.create(to=PERSON, channel="sms").lookup["carrier"]["name"] == "Ma Bell"
    assert service.verifications.create(to=PERSON, channel="sms").lookup == {}


def test_a_payment_is_verified_with_its_amount_and_payee(whoosh: Whoosh, client: Client) -> None:
    service = client.verify.v2.services(whoosh.add_verify_service("Bank", psd2_enabled=True).sid)
    payment = {"amount": "39.99", "payee": "Acme"}
    assert refusal(service.verifications.create, to=PERSON, channel="sms")[:2] == (400, 60206)

    started = service.verifications.create(to=PERSON, channel="sms", **payment)
    code = whoosh.last_code(PERSON)

    assert (started.amount, started.payee) == ("39.99", "Acme")
    assert "39.99" in whoosh.verifications[0].messages[0].body
    assert not service.verification_checks.create(to=PERSON, code=code, amount="1", payee="Acme").valid
    assert service.verification_checks.create(to=PERSON, code=code, **payment).valid


# Messages to people


def test_a_code_shows_on_the_phone_and_never_among_the_messages(
    whoosh: Whoosh, client: Client, service: Service
) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    whoosh.settle()

    code = whoosh.last_code(PERSON)
    assert [message.body for message in whoosh.phone(PERSON).received] == [f"Your Acme verification code is: {code}"]
    assert list(whoosh.outbox) == list(whoosh.messages) == client.messages.list() == []
    whoosh.assert_nothing_sent()
    assert code in whoosh.traffic()


def test_the_phone_shows_codes_and_messages_in_their_order(whoosh: Whoosh, client: Client, service: Service) -> None:
    sender = "+15557122661"
    client.messages.create(to=PERSON, from_=sender, body="Your code is 1111")
    service.verifications.create(to=PERSON, channel="sms")
    verified = whoosh.last_code(PERSON)
    client.messages.create(to=PERSON, from_=sender, body="Your code is 2222")
    whoosh.settle()

    bodies = [message.body for message in whoosh.phone(PERSON).received]

    assert bodies == ["Your code is 1111", f"Your Acme verification code is: {verified}", "Your code is 2222"]
    assert whoosh.last_code(PERSON) == "2222"


def test_a_pattern_finds_a_code_of_verify_too(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    assert whoosh.last_code(PERSON, r"Your (\w+) verification") == "Acme"


@pytest.mark.parametrize(("outcome", "status"), [("fail", "failed"), ("undeliver", "undelivered")])
def test_a_rule_scripts_the_outcome_of_a_code(whoosh: Whoosh, service: Service, outcome: str, status: str) -> None:
    getattr(whoosh.when(to=PERSON), outcome)()
    service.verifications.create(to=PERSON, channel="sms")

    whoosh.settle()

    assert [message.status for message in whoosh.verifications[0].messages] == [status]
    assert list(whoosh.phone(PERSON).received) == []


def test_a_rule_refuses_to_start_a_verification(whoosh: Whoosh, service: Service) -> None:
    whoosh.when(to=PERSON).times(1).reject(60410)

    refused = refusal(service.verifications.create, to=PERSON, channel="sms")

    assert refused[:2] == (403, 60410)
    assert whoosh.verifications == []
    assert service.verifications.create(to=PERSON, channel="sms").status == "pending"


def test_a_response_can_be_lost_after_the_code_was_sent(whoosh: Whoosh, service: Service) -> None:
    whoosh.when(to=PERSON).timeout(sent=True)

    with pytest.raises(Exception, match="timed out"):
        service.verifications.create(to=PERSON, channel="sms")

    assert whoosh.last_code(PERSON) == whoosh.verifications[0].code


def test_a_code_goes_over_whatsapp(whoosh: Whoosh, service: Service) -> None:
    started = service.verifications.create(to=PERSON, channel="whatsapp")
    whoosh.settle()

    assert started.to == PERSON
    assert [message.to for message in whoosh.phone(f"whatsapp:{PERSON}").received] == [f"whatsapp:{PERSON}"]
    assert whoosh.last_code(PERSON) == whoosh.last_code(f"whatsapp:{PERSON}") == whoosh.verifications[0].code


@pytest.mark.parametrize(("channel", "to"), [("call", PERSON), ("email", "Ada@Example.com")])
def test_a_code_goes_by_call_and_email(whoosh: Whoosh, service: Service, channel: str, to: str) -> None:
    started = service.verifications.create(to=to, channel=channel)

    assert whoosh.verifications[0].messages == []
    assert service.verifications(to).fetch().sid == started.sid
    assert service.verification_checks.create(to=to, code=whoosh.last_code(to)).valid


def test_the_channel_auto_is_sms(service: Service) -> None:
    assert service.verifications.create(to=PERSON, channel="auto").channel == "sms"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Your Acme verification code is: {code}"),
        ({"locale": "de"}, "Dein Acme-Verifizierungscode lautet: {code}"),
        ({"locale": "tlh"}, "Your Acme verification code is: {code}"),
        ({"custom_friendly_name": "Bank"}, "Your Bank verification code is: {code}"),
        ({"app_hash": "He42w354ol9"}, "<#> Your Acme verification code is: {code} He42w354ol9"),
    ],
    ids=str,
)
def test_the_text_follows_the_request(whoosh: Whoosh, service: Service, options: Any, text: str) -> None:
    service.verifications.create(to=PERSON, channel="sms", **options)

    verification = whoosh.verifications[0]

    assert verification.messages[0].body == text.format(code=verification.code)


def test_the_language_is_that_of_the_country(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to="+4915123456789", channel="sms")

    assert whoosh.verifications[0].messages[0].body.startswith("Dein Acme-Verifizierungscode")


def test_a_malformed_locale_is_refused(service: Service) -> None:
    assert refusal(service.verifications.create, to=PERSON, channel="sms", locale="!") == (
        400,
        60200,
        "Invalid parameter: Locale",
    )


def test_a_warning_ends_the_text(whoosh: Whoosh, client: Client) -> None:
    sid = whoosh.add_verify_service("Acme", do_not_share_warning_enabled=True).sid
    client.verify.v2.services(sid).verifications.create(to=PERSON, channel="sms")

    assert "Don't share this code" in whoosh.verifications[0].messages[0].body


def test_a_verification_shows_its_properties(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")
    (verification,) = whoosh.verifications

    assert repr(verification) == f"<Verification of {PERSON} by sms pending: code {verification.code}>"
    assert verification == whoosh.verifications[0]
    assert len({verification, whoosh.verifications[0]}) == 1
    assert verification.sid.startswith("VE")


def test_no_code_was_sent(whoosh: Whoosh) -> None:
    with pytest.raises(AssertionError, match="the outbox is empty"):
        whoosh.last_code(PERSON)


def test_reset_forgets_verifications(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    whoosh.reset()

    assert whoosh.verifications == []


def test_a_search_for_a_code_in_the_outbox_says_where_it_is(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(to=PERSON)

    assert str(failure.value) == (
        "No message matches to='+15558675310': the outbox is empty.\n\n"
        "Verify sent 1 code. The outbox does not contain it: read it with whoosh.last_code(to=...)."
    )


def test_the_newest_rule_decides_about_the_call_and_the_code(whoosh: Whoosh, service: Service) -> None:
    whoosh.when_called("POST", "/Verifications").reject(60410)
    assert refusal(service.verifications.create, to=PERSON, channel="sms")[:2] == (403, 60410)

    whoosh.when(to=PERSON).undeliver(30003)
    service.verifications.create(to=PERSON, channel="sms")
    whoosh.settle()

    assert whoosh.verifications[0].messages[0].status == "undelivered"
    assert refusal(service.verifications.create, to=OTHER, channel="sms")[:2] == (403, 60410)


def test_the_report_and_the_live_page_show_codes(whoosh: Whoosh, service: Service) -> None:
    service.verifications.create(to=PERSON, channel="sms")

    (message,) = whoosh.snapshot()["messages"]

    assert (message["to"], message["body"]) == (PERSON, f"Your Acme verification code is: {whoosh.last_code(PERSON)}")
