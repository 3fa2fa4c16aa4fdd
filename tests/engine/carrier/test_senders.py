"""The sender that a Messaging Service chooses from its pool."""

import re
from datetime import timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

NEW_YORK, SAN_FRANCISCO, TORONTO, LONDON, BERLIN = (
    "+12125550100",
    "+14155550100",
    "+14165550100",
    "+442079460100",
    "+493023125100",
)
TOLL_FREE = "+18005550100"
SHORT_CODE = "12345"
ALPHA = "ACME"
WHATSAPP, RCS = "whatsapp:+12125550100", "rcs:acme_agent"
PICTURE = "https://app.example/picture.png"

US_PERSON, CA_PERSON, GB_PERSON, DE_PERSON, FR_PERSON = (
    "+12125550199",
    "+14165550199",
    "+447700900199",
    "+4915123456799",
    "+33612345699",
)


class Sender:
    """Sends through one service, and returns each message's sender."""

    def __init__(self, whoosh: Whoosh, client: Client, sid: str) -> None:
        self.whoosh, self.client, self.sid = whoosh, client, sid

    def __call__(self, to: str, **parameters: Any) -> str | None:
        parameters.setdefault("body", "Hi")
        self.client.messages.create(to=to, messaging_service_sid=self.sid, **parameters)
        self.whoosh.settle()
        return self.whoosh.outbox[-1].from_


def service_with(whoosh: Whoosh, client: Client, senders: list[str], **settings: Any) -> Sender:
    return Sender(whoosh, client, whoosh.add_messaging_service("Reminders", senders=senders, **settings).sid)


# The kind of sender, the country, and the area


@pytest.mark.parametrize(
    ("pool", "to", "chosen"),
    [
        pytest.param([NEW_YORK, WHATSAPP], US_PERSON, NEW_YORK, id="SMS: no channel sender"),
        pytest.param([NEW_YORK, WHATSAPP], "whatsapp:+12125550199", WHATSAPP, id="WhatsApp: no other sender"),
        pytest.param([NEW_YORK, "messenger:1", "messenger:2"], "messenger:9", "messenger:1", id="Messenger"),
        pytest.param([NEW_YORK, SHORT_CODE, RCS], US_PERSON, SHORT_CODE, id="RCS only to phones that have it"),
        pytest.param([NEW_YORK, RCS], "rcs:+12125550199", RCS, id="RCS only where the recipient says so"),
        pytest.param([NEW_YORK, SHORT_CODE], US_PERSON, SHORT_CODE, id="short code before number"),
        pytest.param([LONDON, ALPHA], GB_PERSON, ALPHA, id="alpha before number"),
        pytest.param([SHORT_CODE, LONDON], GB_PERSON, LONDON, id="no short code of another country"),
        pytest.param([ALPHA, NEW_YORK], US_PERSON, NEW_YORK, id="no alpha to the United States"),
        pytest.param([ALPHA, TORONTO], CA_PERSON, TORONTO, id="no alpha to Canada"),
        pytest.param([TORONTO, TOLL_FREE], CA_PERSON, TOLL_FREE, id="Canada: toll-free before long code"),
        pytest.param([NEW_YORK, TOLL_FREE], US_PERSON, NEW_YORK, id="elsewhere: as near as can be"),
        pytest.param([NEW_YORK, LONDON, BERLIN], GB_PERSON, LONDON, id="a number of the country"),
        pytest.param([BERLIN, NEW_YORK], GB_PERSON, NEW_YORK, id="else a number of the United States"),
        pytest.param([BERLIN, LONDON], FR_PERSON, BERLIN, id="else any number"),
        pytest.param([TORONTO, NEW_YORK], CA_PERSON, TORONTO, id="Canada is not the United States"),
        pytest.param([NEW_YORK, SAN_FRANCISCO], "+14155550199", SAN_FRANCISCO, id="a number of the area"),
        pytest.param([NEW_YORK, SAN_FRANCISCO], "+13035550199", NEW_YORK, id="else any number of the country"),
    ],
)
def test_the_nearest_sender_is_chosen(whoosh: Whoosh, client: Client, pool: list[str], to: str, chosen: str) -> None:
    send = service_with(whoosh, client, pool)

    assert send(to) == chosen


def test_areas_are_ignored_if_the_service_says_so(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [NEW_YORK, SAN_FRANCISCO], area_code_geomatch=False)

    assert send("+14155550199") == NEW_YORK


def test_a_short_code_works_in_its_own_country(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_short_code("60123", country="GB")
    send = service_with(whoosh, client, ["60123", SHORT_CODE])

    assert [send(GB_PERSON), send(US_PERSON)] == ["60123", SHORT_CODE]


def test_an_alpha_sender_for_the_country_is_preferred(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [ALPHA])
    client.messaging.v1.services(send.sid).destination_alpha_senders.create("ACME DE", iso_country_code="DE")

    assert [send(DE_PERSON), send(GB_PERSON)] == ["ACME DE", ALPHA]


def test_a_number_without_sms_is_not_chosen(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(NEW_YORK, sms_capable=False)
    send = service_with(whoosh, client, [NEW_YORK, SAN_FRANCISCO])

    assert send(US_PERSON) == SAN_FRANCISCO


def test_equal_senders_take_turns(whoosh: Whoosh, client: Client) -> None:
    pool = ["+12125550100", "+12125550101", "+12125550102"]
    send = service_with(whoosh, client, pool)

    senders = [send(f"+1212555019{number}") for number in range(7)]

    assert senders == [*pool, *pool, pool[0]]


def test_a_new_sender_takes_its_turn(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, ["+12125550100"])
    send("+12125550190")
    number = whoosh.add_number("+12125550101")
    client.messaging.v1.services(send.sid).phone_numbers.create(phone_number_sid=number.sid)

    assert [send("+12125550191"), send("+12125550192")] == ["+12125550101", "+12125550100"]


# Sticky sender

PAIR = ["+12125550100", "+12125550101"]


def test_a_recipient_hears_from_one_sender(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, PAIR)

    senders = [send(to) for to in ("+12125550190", "+12125550191", "+12125550191", "+12125550190", "+12125550191")]

    assert senders == [PAIR[0], PAIR[1], PAIR[1], PAIR[0], PAIR[1]]


def test_senders_take_turns_without_sticky_senders(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, PAIR, sticky_sender=False)

    assert [send(US_PERSON) for _ in range(3)] == [PAIR[0], PAIR[1], PAIR[0]]


def test_a_sender_switched_off_and_on_sticks_as_before(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, PAIR)
    service = client.messaging.v1.services(send.sid)

    senders = [send(US_PERSON)]
    service.update(sticky_sender=False)
    senders.append(send(US_PERSON))
    service.update(sticky_sender=True)
    senders.append(send(US_PERSON))

    assert senders == [PAIR[0], PAIR[1], PAIR[0]]


def test_sms_and_whatsapp_have_their_own_sticky_senders(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [*PAIR, "whatsapp:+12125550100", "whatsapp:+12125550101"])

    first = [send("whatsapp:+12125550190"), send("whatsapp:+12125550191")]
    again = [send("+12125550191"), send("whatsapp:+12125550191")]

    assert first == ["whatsapp:+12125550100", "whatsapp:+12125550101"]
    assert again == ["+12125550100", "whatsapp:+12125550101"]


def test_rcs_has_no_sticky_senders(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, ["rcs:one", "rcs:two"])

    assert [send(US_PERSON), send(US_PERSON), send(US_PERSON)] == ["rcs:one", "rcs:two", "rcs:one"]


def test_a_sender_that_left_the_pool_is_forgotten_even_if_it_returns(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, PAIR)
    first = send(US_PERSON)
    numbers = client.messaging.v1.services(send.sid).phone_numbers
    sid = whoosh.add_number(PAIR[0]).sid

    numbers(sid).delete()
    second = send(US_PERSON)
    numbers.create(phone_number_sid=sid)
    third = send(US_PERSON)

    assert [first, second, third] == [PAIR[0], PAIR[1], PAIR[1]]


@pytest.mark.parametrize(
    ("days", "chosen"), [pytest.param(365, PAIR[0], id="a year"), pytest.param(366, PAIR[1], id="longer")]
)
def test_a_sender_silent_for_more_than_a_year_is_forgotten(
    whoosh: Whoosh, client: Client, days: int, chosen: str
) -> None:
    send = service_with(whoosh, client, PAIR)
    client.messages.create(to=US_PERSON, messaging_service_sid=send.sid, body="Hi")
    whoosh.travel(seconds=1)  # to the moment at which the sender is chosen

    whoosh.travel(days=days, seconds=-1)

    assert send(US_PERSON) == chosen


def test_every_message_keeps_the_memory_of_its_sender(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, PAIR)
    send(US_PERSON)

    whoosh.travel(days=300)
    second = send(US_PERSON)
    whoosh.travel(days=300)
    third = send(US_PERSON)

    assert [second, third] == [PAIR[0], PAIR[0]]


def test_the_first_number_of_a_country_takes_over_its_recipients(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [NEW_YORK])
    first = send(GB_PERSON)
    numbers = client.messaging.v1.services(send.sid).phone_numbers

    numbers.create(phone_number_sid=whoosh.add_number(LONDON).sid)
    second = send(GB_PERSON)
    numbers.create(phone_number_sid=whoosh.add_number("+442079460101").sid)
    third = send(GB_PERSON)

    assert [first, second, third] == [NEW_YORK, LONDON, LONDON]


def test_a_recipient_taken_over_knows_the_new_number_from_then_on(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [NEW_YORK])
    send(GB_PERSON)
    numbers = client.messaging.v1.services(send.sid).phone_numbers

    numbers.create(phone_number_sid=whoosh.add_number(LONDON).sid)
    another = send("+447400123457")
    numbers.create(phone_number_sid=whoosh.add_number("+442079460101").sid)

    assert [another, send(GB_PERSON)] == [LONDON, LONDON]


def test_an_alpha_sender_keeps_its_recipients_when_a_number_joins(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [ALPHA])
    first = send(GB_PERSON)

    number = whoosh.add_number(LONDON)
    client.messaging.v1.services(send.sid).phone_numbers.create(phone_number_sid=number.sid)

    assert [first, send(GB_PERSON)] == [ALPHA, ALPHA]


def test_a_sender_that_cannot_carry_media_is_replaced_for_one_message_only(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(PAIR[0], mms_capable=False)
    send = service_with(whoosh, client, PAIR)

    senders = [send(US_PERSON), send(US_PERSON, media_url=[PICTURE]), send(US_PERSON)]

    assert senders == [PAIR[0], PAIR[1], PAIR[0]]


# Media


def test_a_sender_that_carries_media_is_chosen_for_them(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(PAIR[0], mms_capable=False)
    send = service_with(whoosh, client, PAIR)

    sender = send(US_PERSON, media_url=[PICTURE])

    message = whoosh.outbox[0]
    assert (sender, message.body, message.media_urls) == (PAIR[1], "Hi", [PICTURE])


@pytest.mark.parametrize(
    ("pool", "to"),
    [
        pytest.param([NEW_YORK], US_PERSON, id="no sender carries media"),
        pytest.param([ALPHA], GB_PERSON, id="an alpha sender"),
        pytest.param([LONDON], GB_PERSON, id="no MMS in the country"),
    ],
)
def test_media_become_links_in_countries_without_mms(whoosh: Whoosh, client: Client, pool: list[str], to: str) -> None:
    whoosh.add_number(NEW_YORK, mms_capable=False)
    send = service_with(whoosh, client, pool)

    sender = send(to, body="Look:", media_url=[PICTURE, PICTURE])

    message = whoosh.outbox[0]
    assert (sender, message.status) == (pool[0], "delivered")
    assert re.fullmatch(r"Look: https://p\.twil\.io/[0-9A-Za-z]{7} https://p\.twil\.io/[0-9A-Za-z]{7}", message.body)
    assert len(set(message.body.split())) == 3


def test_a_message_without_text_becomes_a_link_alone(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [LONDON])

    send(GB_PERSON, body="", media_url=[PICTURE])

    assert re.fullmatch(r"https://p\.twil\.io/[0-9A-Za-z]{7}", whoosh.outbox[0].body)


def test_links_count_as_segments_and_are_charged_as_text(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("GB", "0.04")
    send = service_with(whoosh, client, [LONDON])

    send(GB_PERSON, body="x" * 160, media_url=[PICTURE])

    message = whoosh.outbox[0]
    assert message.price is not None
    assert (message.num_segments, str(message.price)) == (2, "-0.08")


def test_the_text_becomes_links_when_the_sender_is_chosen(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[LONDON])

    created = client.messages.create(to=GB_PERSON, messaging_service_sid=service.sid, body="Look", media_url=[PICTURE])

    assert (created.body, created.num_segments, created.from_) == ("Look", "0", None)


def test_a_named_sender_that_cannot_carry_media_sends_links_too(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [LONDON])

    send(GB_PERSON, from_=LONDON, media_url=[PICTURE])

    assert re.fullmatch(r"Hi https://p\.twil\.io/[0-9A-Za-z]{7}", whoosh.outbox[0].body)


def test_without_the_converter_media_need_a_sender_that_carries_them(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [LONDON], mms_converter=False)

    sender = send(GB_PERSON, media_url=[PICTURE])

    message = whoosh.outbox[0]
    assert (sender, message.status, message.error_code, message.body) == (None, "failed", 21703, "Hi")


def test_without_the_converter_a_named_sender_must_carry_media(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(NEW_YORK, mms_capable=False)
    send = service_with(whoosh, client, [NEW_YORK], mms_converter=False)

    with pytest.raises(TwilioRestException) as refusal:
        send(US_PERSON, from_=NEW_YORK, media_url=[PICTURE])

    assert (refusal.value.status, refusal.value.code) == (400, 21621)


def test_media_stay_media_on_a_channel(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().deliver()
    send = service_with(whoosh, client, [WHATSAPP])

    send("whatsapp:+447700900199", media_url=[PICTURE])

    assert (whoosh.outbox[0].status, whoosh.outbox[0].body) == ("delivered", "Hi")


# No sender


def test_an_empty_pool_is_refused_at_once(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [])

    with pytest.raises(TwilioRestException) as refusal:
        send(US_PERSON)

    assert (refusal.value.status, refusal.value.code, refusal.value.msg) == (
        400,
        21704,
        "Unable to create record: The Messaging Service contains no phone numbers",
    )


@pytest.mark.parametrize(
    ("pool", "to"),
    [
        pytest.param([ALPHA], US_PERSON, id="an alpha sender, to the United States"),
        pytest.param([LONDON], US_PERSON, id="a British number, to the United States"),
        pytest.param([LONDON], CA_PERSON, id="a British number, to Canada"),
        pytest.param([SHORT_CODE], GB_PERSON, id="a short code, to another country"),
        pytest.param([WHATSAPP], US_PERSON, id="a WhatsApp sender, to a phone"),
        pytest.param([NEW_YORK], "whatsapp:+12125550199", id="a number, to WhatsApp"),
        pytest.param([NEW_YORK], "rcs:+12125550199", id="a number, to RCS"),
    ],
)
def test_a_message_that_no_sender_can_send_is_accepted_and_fails(
    whoosh: Whoosh, client: Client, pool: list[str], to: str
) -> None:
    send = service_with(whoosh, client, pool)

    sender = send(to, status_callback="https://app.example/status")

    message = whoosh.outbox[0]
    assert [status for status, _ in message.history] == ["accepted", "failed"]
    assert (sender, message.error_code, message.error_message, message.price) == (
        None,
        21703,
        "The Messaging Service does not have a phone number available to send a message",
        None,
    )
    whoosh.assert_callbacks(message, "failed")


@pytest.mark.parametrize("senders", ["any", "owned"])
@pytest.mark.parametrize(
    ("sender", "to", "code"),
    [
        pytest.param(SAN_FRANCISCO, US_PERSON, 21711, id="a number"),
        pytest.param("54321", US_PERSON, 21711, id="a short code"),
        pytest.param("Other", GB_PERSON, 21709, id="an alpha sender"),
    ],
)
def test_a_named_sender_must_be_in_the_pool(senders: str, sender: str, to: str, code: int) -> None:
    with Whoosh(senders=senders) as whoosh:
        whoosh.add_number(SAN_FRANCISCO)
        whoosh.add_short_code("54321")
        whoosh.add_messaging_service("Other", senders=["Other"])
        send = service_with(whoosh, Client(whoosh.account_sid, whoosh.auth_token), [NEW_YORK])

        with pytest.raises(TwilioRestException) as refusal:
            send(to, from_=sender)

        assert (refusal.value.status, refusal.value.code) == (400, code)
        whoosh.assert_nothing_sent()


def test_a_named_sender_of_the_pool_sends(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[NEW_YORK, SAN_FRANCISCO])

    created = client.messages.create(to=US_PERSON, from_=SAN_FRANCISCO, messaging_service_sid=service.sid, body="Hi")

    assert (created.status, created.from_) == ("queued", SAN_FRANCISCO)


def test_a_test_may_put_one_number_in_two_pools_though_the_api_does_not(whoosh: Whoosh, client: Client) -> None:
    send = service_with(whoosh, client, [NEW_YORK])
    other = service_with(whoosh, client, [NEW_YORK])

    assert [send(US_PERSON), other(US_PERSON)] == [NEW_YORK, NEW_YORK]


def test_a_person_who_opted_out_of_one_pool_hears_from_another_with_the_same_number(
    whoosh: Whoosh, client: Client
) -> None:
    service_with(whoosh, client, [NEW_YORK])
    other = service_with(whoosh, client, [NEW_YORK])

    whoosh.opt_out(US_PERSON, NEW_YORK)
    other(US_PERSON)

    assert whoosh.outbox[-1].status == "delivered"


# Pools that change meanwhile


def test_a_message_scheduled_from_a_sender_that_left_the_pool_fails(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=PAIR)
    client.messages.create(
        to=US_PERSON,
        from_=PAIR[0],
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.messaging.v1.services(service.sid).phone_numbers(whoosh.add_number(PAIR[0]).sid).delete()

    whoosh.travel(hours=1)

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 21711)


def test_a_message_scheduled_from_any_sender_takes_one_that_is_there_when_its_time_comes(
    whoosh: Whoosh, client: Client
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=PAIR)
    client.messages.create(
        to=US_PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.messaging.v1.services(service.sid).phone_numbers(whoosh.add_number(PAIR[0]).sid).delete()

    whoosh.travel(hours=2)

    assert (whoosh.outbox[0].status, whoosh.outbox[0].from_) == ("delivered", PAIR[1])


def test_a_message_scheduled_through_a_pool_that_is_empty_when_its_time_comes_fails(
    whoosh: Whoosh, client: Client
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[NEW_YORK])
    client.messages.create(
        to=US_PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.messaging.v1.services(service.sid).phone_numbers(whoosh.add_number(NEW_YORK).sid).delete()

    whoosh.travel(hours=1)

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 21704)


def test_a_message_scheduled_from_a_number_that_was_released_fails(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=PAIR)
    client.messages.create(
        to=US_PERSON,
        from_=PAIR[0],
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.incoming_phone_numbers(whoosh.add_number(PAIR[0]).sid).delete()

    whoosh.travel(hours=1)

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 21711)
    assert service.senders == [PAIR[1]]


# Accounts


def test_a_service_built_over_rest_alone_sends(whoosh: Whoosh, client: Client) -> None:
    number = client.incoming_phone_numbers.create(phone_number=NEW_YORK)
    service = client.messaging.v1.services.create("Reminders")
    service.phone_numbers.create(phone_number_sid=str(number.sid))

    client.messages.create(to=US_PERSON, messaging_service_sid=str(service.sid), body="Hi")
    whoosh.settle()

    whoosh.assert_sent(from_=NEW_YORK, status="delivered", messaging_service_sid=service.sid)


def test_a_sub_account_has_its_own_services(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[NEW_YORK])
    created = client.api.accounts.create()
    below = Client(str(created.sid), str(created.auth_token))

    own = below.messaging.v1.services.create("Own")
    own.alpha_senders.create("ACME")
    below.messages.create(to=GB_PERSON, messaging_service_sid=str(own.sid), body="Hi")
    whoosh.settle()

    assert own.account_sid == created.sid
    assert [listed.sid for listed in below.messaging.v1.services.list()] == [own.sid]
    assert [listed.sid for listed in client.messaging.v1.services.list()] == [service.sid]
    whoosh.assert_sent(account_sid=created.sid, from_="ACME", status="delivered")
