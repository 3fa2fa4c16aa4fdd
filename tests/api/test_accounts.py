"""Accounts: credentials, sub-accounts, suspension, balance and API keys."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

OURS = "+15557122661"
STRANGER = "AC" + "1" * 32


def accounts_url(tail: str = "") -> str:
    return f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts{tail}.json"


def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


def sub_account(client: Client, name: str = "Branch") -> Client:
    """Return a client with a sub-account's own credentials."""
    account = client.api.accounts.create(friendly_name=name)
    return Client(account.sid, account.auth_token)


# The account itself


def test_an_account_shows_every_property_and_where_its_resources_are(freezer) -> None:
    freezer.move_to("2030-05-06 07:08:09")
    with Whoosh() as whoosh:
        answer = requests.get(accounts_url(f"/{whoosh.account_sid}"), auth=auth(whoosh))

    uri = f"/2010-04-01/Accounts/{whoosh.account_sid}"
    assert answer.status_code == 200
    assert answer.json() == {
        "auth_token": whoosh.auth_token,
        "date_created": "Mon, 06 May 2030 07:08:09 +0000",
        "date_updated": "Mon, 06 May 2030 07:08:09 +0000",
        "friendly_name": "Whoosh",
        "owner_account_sid": whoosh.account_sid,
        "sid": whoosh.account_sid,
        "status": "active",
        "subresource_uris": {
            "available_phone_numbers": f"{uri}/AvailablePhoneNumbers.json",
            "calls": f"{uri}/Calls.json",
            "conferences": f"{uri}/Conferences.json",
            "incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
            "notifications": f"{uri}/Notifications.json",
            "outgoing_caller_ids": f"{uri}/OutgoingCallerIds.json",
            "recordings": f"{uri}/Recordings.json",
            "transcriptions": f"{uri}/Transcriptions.json",
            "addresses": f"{uri}/Addresses.json",
            "signing_keys": f"{uri}/SigningKeys.json",
            "connect_apps": f"{uri}/ConnectApps.json",
            "sip": f"{uri}/SIP.json",
            "authorized_connect_apps": f"{uri}/AuthorizedConnectApps.json",
            "usage": f"{uri}/Usage.json",
            "keys": f"{uri}/Keys.json",
            "applications": f"{uri}/Applications.json",
            "short_codes": f"{uri}/SMS/ShortCodes.json",
            "queues": f"{uri}/Queues.json",
            "messages": f"{uri}/Messages.json",
            "balance": f"{uri}/Balance.json",
        },
        "type": "Full",
        "uri": f"{uri}.json",
    }


def test_an_account_is_renamed(whoosh: Whoosh, client: Client) -> None:
    client.api.accounts(whoosh.account_sid).update(friendly_name="Reminders Inc.")

    assert client.api.accounts(whoosh.account_sid).fetch().friendly_name == "Reminders Inc."


@pytest.mark.parametrize(
    ("form", "code"),
    [({"FriendlyName": "x" * 65}, 20002), ({"Status": "sleeping"}, 20422)],
    ids=["a name too long", "a status that is none"],
)
def test_an_invalid_update_is_refused(whoosh: Whoosh, client: Client, form: dict[str, str], code: int) -> None:
    answer = requests.post(accounts_url(f"/{whoosh.account_sid}"), data=form, auth=auth(whoosh))

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert client.api.accounts(whoosh.account_sid).fetch().friendly_name == "Whoosh"


# Sub-accounts


def test_a_sub_account_has_its_own_sid_and_auth_token(whoosh: Whoosh, client: Client) -> None:
    one, two = (client.api.accounts.create(friendly_name=name) for name in ("One", "Two"))

    assert (one.friendly_name, one.status, one.type) == ("One", "active", "Full")
    assert one.owner_account_sid == whoosh.account_sid
    assert len({whoosh.account_sid, one.sid, two.sid}) == 3
    assert len({whoosh.auth_token, one.auth_token, two.auth_token}) == 3
    assert re.fullmatch("[0-9a-f]{32}", one.auth_token)


def test_a_sub_account_is_the_same_in_every_run() -> None:
    created = []
    for _ in range(2):
        with Whoosh() as whoosh:
            account = Client(whoosh.account_sid, whoosh.auth_token).api.accounts.create()
            created.append((account.sid, account.auth_token))

    assert created[0] == created[1]


def test_a_sub_account_is_named_after_the_moment_of_its_creation(freezer) -> None:
    freezer.move_to("2030-05-06 17:08:09")
    with Whoosh() as whoosh:
        account = Client(whoosh.account_sid, whoosh.auth_token).api.accounts.create()

    assert account.friendly_name == "SubAccount Created at 2030-05-06 05:08 PM"


def test_lists_show_the_account_and_those_below_it_newest_first(whoosh: Whoosh, client: Client) -> None:
    sids = [client.api.accounts.create(friendly_name=name).sid for name in ("One", "Two", "Three")]

    assert [each.sid for each in client.api.accounts.list(page_size=2)] == [*sids[::-1], whoosh.account_sid]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"friendly_name": "One"}, ["One"]),
        ({"status": "suspended"}, ["Two"]),
        ({"status": "active"}, ["One", "Whoosh"]),
        ({"friendly_name": "One", "status": "suspended"}, []),
    ],
    ids=str,
)
def test_lists_are_filtered_by_name_and_status(client: Client, filters: dict[str, str], names: list[str]) -> None:
    client.api.accounts.create(friendly_name="One")
    client.api.accounts.create(friendly_name="Two").update(status="suspended")

    assert [each.friendly_name for each in client.api.accounts.list(**filters)] == names


def test_an_invalid_status_to_filter_by_is_refused(whoosh: Whoosh) -> None:
    answer = requests.get(accounts_url() + "?Status=sleeping", auth=auth(whoosh))

    assert (answer.status_code, answer.json()["code"]) == (400, 20422)


def test_a_sub_account_sees_only_itself(client: Client) -> None:
    branch = sub_account(client)

    assert [each.friendly_name for each in branch.api.accounts.list()] == ["Branch"]


def test_a_sub_account_shares_no_resource_with_its_owner(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(OURS)
    whoosh.add_short_code("12345")
    whoosh.add_application()
    whoosh.add_messaging_service("Reminders", senders=[OURS])
    client.messages.create(from_=OURS, to=PERSON, body="Hi")
    branch = sub_account(client)

    assert branch.incoming_phone_numbers.list() == []
    assert branch.short_codes.list() == []
    assert branch.applications.list() == []
    assert branch.messaging.v1.services.list() == []
    assert branch.messages.list() == []


def test_a_sub_account_owns_the_resources_that_it_creates(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)

    made = [
        branch.incoming_phone_numbers.create(phone_number=OURS),
        branch.applications.create(),
        branch.messaging.v1.services.create(friendly_name="Reminders"),
        branch.messages.create(from_=OURS, to=PERSON, body="Hi"),
    ]

    assert {each.account_sid for each in made} == {branch.username}
    assert client.incoming_phone_numbers.list() == []
    assert client.applications.list() == []
    assert client.messaging.v1.services.list() == []
    assert client.messages.list() == []
    assert [message.account_sid for message in whoosh.outbox] == [branch.username]


def test_a_sub_account_sends_from_the_pool_of_its_own_service(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)
    number = branch.incoming_phone_numbers.create(phone_number=OURS)
    service = branch.messaging.v1.services.create(friendly_name="Reminders")
    service.phone_numbers.create(phone_number_sid=number.sid)
    branch.messages.create(messaging_service_sid=service.sid, to=PERSON, body="Hi")

    whoosh.settle()

    assert whoosh.assert_sent(account_sid=branch.username, from_=OURS).status == "delivered"


def test_an_account_cannot_send_from_the_number_of_another() -> None:
    with Whoosh(senders="owned") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        sub_account(client).incoming_phone_numbers.create(phone_number=OURS)

        with pytest.raises(TwilioRestException) as refusal:
            client.messages.create(from_=OURS, to=PERSON, body="Hi")

        assert (refusal.value.status, refusal.value.code) == (400, 21660)
        assert refusal.value.msg == (
            f"Unable to create record: Mismatch between the 'From' number {OURS} and the account {whoosh.account_sid}"
        )


def test_people_who_write_to_the_number_of_a_sub_account_reach_that_account(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)
    branch.incoming_phone_numbers.create(phone_number=OURS, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hello", from_=PERSON, to=OURS)

    assert reply.message.account_sid == branch.username
    assert (reply.webhook.url, reply.webhook.params["AccountSid"]) == ("https://app.example/sms", branch.username)
    assert [each.body for each in branch.messages.list()] == ["Hello"]
    assert client.messages.list() == []


def test_webhooks_of_a_sub_account_are_signed_with_its_own_auth_token(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)
    branch.messages.create(from_=OURS, to=PERSON, body="Hi", status_callback="https://app.example/status")

    whoosh.settle()

    callback = whoosh.callbacks[0]
    token = client.api.accounts(branch.username).fetch().auth_token
    assert RequestValidator(token).validate(callback.url, callback.params, callback.signature)
    assert not RequestValidator(whoosh.auth_token).validate(callback.url, callback.params, callback.signature)


# Guests: accounts that are opened on demand


def test_a_well_formed_sid_opens_an_account_with_its_own_messages(whoosh: Whoosh, client: Client) -> None:
    guest = Client(STRANGER, "any token")

    guest.messages.create(from_=OURS, to=PERSON, body="Hi")

    assert [message.account_sid for message in guest.messages.list()] == [STRANGER]
    assert client.messages.list() == []
    assert whoosh.assert_sent(to=PERSON).account_sid == STRANGER


def test_a_guest_is_known_by_its_credentials_if_the_path_names_no_account(whoosh: Whoosh) -> None:
    guest = Client(STRANGER, "any token")

    assert guest.messaging.v1.services.create(friendly_name="Reminders").account_sid == STRANGER


def test_a_guest_shares_what_the_test_provisioned(whoosh: Whoosh) -> None:
    number = whoosh.add_number(OURS)
    service = whoosh.add_messaging_service("Reminders", senders=[OURS])
    guest = Client(STRANGER, "any token")

    assert [each.sid for each in guest.incoming_phone_numbers.list()] == [number.sid]
    assert [each.sid for each in guest.messaging.v1.services.list()] == [service.sid]


def test_a_guest_is_in_no_list_of_accounts(whoosh: Whoosh, client: Client) -> None:
    Client(STRANGER, "any token").messages.create(from_=OURS, to=PERSON, body="Hi")

    assert [each.sid for each in client.api.accounts.list()] == [whoosh.account_sid]


# With credentials="any", the first two are placeholders that open an account.
@pytest.mark.whoosh(credentials="exact")
@pytest.mark.parametrize("sid", ["AC12", "ac" + "1" * 32, "SK" + "1" * 32], ids=["short", "lower case", "another kind"])
def test_an_invalid_account_sid_is_not_found(whoosh: Whoosh, sid: str) -> None:
    answer = requests.get(accounts_url(f"/{sid}"), auth=auth(whoosh))

    assert answer.status_code == 404
    assert answer.json()["message"] == f"The requested resource /2010-04-01/Accounts/{sid}.json was not found"


@pytest.mark.parametrize(
    ("sid", "status"), [("test", 200), ("AC123", 200), ("ACxxxx", 200), ("a%20b", 404), ("%C3%B6", 404)]
)
def test_a_placeholder_for_an_account_sid_is_a_plain_word(whoosh: Whoosh, sid: str, status: int) -> None:
    assert requests.get(accounts_url(f"/{sid}"), auth=auth(whoosh)).status_code == status


# Credentials

HOSTS = {
    "messages": "https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{sid}/Messages.json",
    "services": "https://messaging.whoosh.totogi.solutions/v1/Services",
    "prices": "https://pricing.whoosh.totogi.solutions/v1/Messaging",
    "content": "https://content.whoosh.totogi.solutions/v1/Content",
    "Twilio's messages": "https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json",
    "Twilio's services": "https://messaging.twilio.com/v1/Services",
}


@pytest.fixture
def exact() -> Whoosh:
    with Whoosh(credentials="exact") as whoosh:
        yield whoosh


@pytest.mark.parametrize("resource", HOSTS)
def test_the_key_and_the_auth_token_open_every_host(exact: Whoosh, resource: str) -> None:
    url = HOSTS[resource].format(sid=exact.account_sid)

    for credentials in ((exact.api_key, exact.api_secret), (exact.account_sid, exact.auth_token)):
        assert requests.get(url, auth=credentials).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [("SK" + "0" * 32, "secret"), None, "wrong secret", "wrong token", "crossed"],
    ids=["another key", "none", "a wrong secret", "a wrong token", "the key with the token"],
)
@pytest.mark.parametrize("resource", HOSTS)
def test_other_credentials_open_no_host(exact: Whoosh, resource: str, credentials: object) -> None:
    pairs = {
        "wrong secret": (exact.api_key, "wrong"),
        "wrong token": (exact.account_sid, "wrong"),
        "crossed": (exact.api_key, exact.auth_token),
    }
    given = pairs[credentials] if isinstance(credentials, str) else credentials

    answer = requests.get(HOSTS[resource].format(sid=exact.account_sid), auth=given)

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (None, "Authentication Error - No credentials provided"),
        (("user", "secret"), "Authentication Error - invalid username"),
        (("SK" + "0" * 32, "secret"), "Authenticate"),
        (("AC" + "f00d" * 8, "secret"), "Authenticate"),
    ],
    ids=["none", "a user name that is no SID", "an unknown SID", "a wrong secret"],
)
def test_the_2010_api_refuses_credentials_without_a_detail(
    exact: Whoosh, auth: tuple[str, str] | None, message: str
) -> None:
    """Row 4 of the recordings."""
    answer = requests.get(HOSTS["messages"].format(sid=exact.account_sid), auth=auth)

    assert answer.json() == {
        "code": 20003,
        "message": message,
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [(None, "No credentials provided"), (("SK" + "0" * 32, "secret"), "invalid username")],
    ids=["none", "wrong ones"],
)
@pytest.mark.parametrize("resource", ["services", "prices", "content"])
def test_the_other_hosts_refuse_credentials_with_a_reason(
    exact: Whoosh, resource: str, credentials: tuple[str, str] | None, reason: str
) -> None:
    answer = requests.get(HOSTS[resource], auth=credentials)

    assert answer.json() == {
        "code": 20003,
        "message": f"Authentication Error - {reason}",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
        "detail": "Your AccountSid or AuthToken was incorrect.",
    }


@pytest.mark.parametrize("resource", HOSTS)
def test_missing_credentials_are_refused_even_if_any_are_accepted(whoosh: Whoosh, resource: str) -> None:
    assert requests.get(HOSTS[resource].format(sid=whoosh.account_sid)).status_code == 401


def test_exact_credentials_open_no_unknown_account(exact: Whoosh) -> None:
    answer = requests.get(accounts_url(f"/{STRANGER}"), auth=auth(exact))

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_exact_credentials_of_an_owner_open_its_sub_accounts_but_not_the_reverse(exact: Whoosh) -> None:
    client = Client(exact.account_sid, exact.auth_token)
    branch, other = sub_account(client, "Branch"), sub_account(client, "Other")

    assert client.api.accounts(branch.username).messages.list() == []
    assert branch.messages.list() == []
    for sid in (exact.account_sid, other.username):
        with pytest.raises(TwilioRestException) as refusal:
            branch.api.accounts(sid).fetch()
        assert (refusal.value.status, refusal.value.code) == (401, 20003)


def test_hosts_without_an_account_in_the_path_use_the_account_of_the_credentials(exact: Whoosh) -> None:
    client = Client(exact.account_sid, exact.auth_token)
    branch = sub_account(client)
    key = branch.new_keys.create()

    service = Client(key.sid, key.secret, branch.username).messaging.v1.services.create(friendly_name="Reminders")

    assert service.account_sid == branch.username
    assert client.messaging.v1.services.list() == []


# Suspended and closed


@pytest.mark.parametrize("status", ["suspended", "closed"])
@pytest.mark.parametrize("resource", ["messages", "services", "prices", "content"])
def test_an_account_that_is_not_active_is_refused_everywhere(
    whoosh: Whoosh, client: Client, resource: str, status: str
) -> None:
    branch = sub_account(client)
    client.api.accounts(branch.username).update(status=status)

    answer = requests.get(HOSTS[resource].format(sid=branch.username), auth=branch.auth)

    assert answer.status_code == 403
    assert answer.json() == {
        "code": 20005,
        "message": "Account not active",
        "more_info": "https://www.twilio.com/docs/errors/20005",
        "status": 403,
    }


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_cannot_suspend_or_close_itself(whoosh: Whoosh, client: Client, status: str) -> None:
    account = client.api.accounts(whoosh.account_sid)

    with pytest.raises(TwilioRestException) as refusal:
        account.update(status=status, friendly_name="Closed")

    assert (refusal.value.status, refusal.value.code) == (400, 21477)
    assert refusal.value.msg == "Unable to update record: Unable to update Status for parent accounts"
    assert account.update(status="active").friendly_name != "Closed"
    assert client.messages.create(from_=OURS, to=PERSON, body="Hi").status == "queued"


def test_a_suspended_account_is_still_fetched_and_can_be_reactivated(client: Client) -> None:
    branch = sub_account(client)
    account = client.api.accounts(branch.username)
    account.update(status="suspended")

    suspended = account.fetch().status
    account.update(status="active")

    assert suspended == "suspended"
    assert branch.messages.create(from_=OURS, to=PERSON, body="Hi").status == "queued"


def test_a_closed_account_stays_closed(client: Client) -> None:
    account = client.api.accounts.create()
    account.update(status="closed")

    with pytest.raises(TwilioRestException) as refusal:
        account.update(status="active")

    assert (refusal.value.status, refusal.value.code) == (403, 20005)
    assert account.fetch().status == "closed"


def test_suspending_a_sub_account_leaves_its_owner_alone(client: Client) -> None:
    branch = sub_account(client)
    client.api.accounts(branch.username).update(status="suspended")

    assert client.messages.create(from_=OURS, to=PERSON, body="Hi").status == "queued"
    with pytest.raises(TwilioRestException) as refusal:
        branch.messages.create(from_=OURS, to=PERSON, body="Hi")
    assert refusal.value.code == 20005


@pytest.mark.parametrize("seconds", [0, 1], ids=["queued", "sending"])
def test_messages_that_have_not_left_fail_when_the_account_is_suspended(
    whoosh: Whoosh, client: Client, seconds: int
) -> None:
    branch = sub_account(client)
    branch.messages.create(from_=OURS, to=PERSON, body="Hi", status_callback="https://app.example/status")
    whoosh.travel(seconds=seconds)
    client.api.accounts(branch.username).update(status="suspended")

    whoosh.settle()

    (message,) = whoosh.outbox
    assert (message.status, message.error_code, message.price) == ("failed", 30002, None)
    assert message.error_message == "Account suspended"
    assert [callback.params["MessageStatus"] for callback in whoosh.callbacks] == ["failed"]


def test_scheduled_messages_fail_when_they_are_due_while_the_account_is_suspended(
    whoosh: Whoosh, client: Client
) -> None:
    branch = sub_account(client)
    service = branch.messaging.v1.services.create(friendly_name="Reminders")
    number = branch.incoming_phone_numbers.create(phone_number=OURS)
    service.phone_numbers.create(phone_number_sid=number.sid)
    branch.messages.create(
        messaging_service_sid=service.sid,
        to=PERSON,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.api.accounts(branch.username).update(status="suspended")

    whoosh.travel(hours=2)

    (message,) = whoosh.outbox
    assert (message.status, message.error_code) == ("failed", 30002)


def test_messages_that_have_left_are_delivered_though_the_account_is_suspended(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)
    branch.messages.create(from_=OURS, to=PERSON, body="Hi")
    whoosh.travel(seconds=2)
    client.api.accounts(branch.username).update(status="suspended")

    whoosh.settle()

    (message,) = whoosh.outbox
    assert message.status == "delivered"


# The balance


def test_the_balance_falls_by_what_messages_cost(whoosh: Whoosh, client: Client) -> None:
    before = client.balance.fetch()
    client.messages.create(from_=OURS, to=PERSON, body="Hi")
    client.messages.create(from_=OURS, to="+447400123456", body="x" * 161)

    unsent = client.balance.fetch().balance
    whoosh.settle()
    after = client.balance.fetch()

    assert (before.account_sid, before.balance, before.currency) == (whoosh.account_sid, "100.00", "USD")
    assert unsent == "100.00"
    assert after.balance == "99.9081"
    assert Decimal(after.balance) - 100 == sum(message.price for message in whoosh.outbox)


def test_a_message_that_fails_costs_nothing(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).fail(30008)
    client.messages.create(from_=OURS, to=PERSON, body="Hi")

    whoosh.settle()

    assert client.balance.fetch().balance == "100.00"


def test_deleting_a_message_gives_no_money_back(whoosh: Whoosh, client: Client) -> None:
    message = client.messages.create(from_=OURS, to=PERSON, body="Hi")
    whoosh.settle()

    message.delete()

    assert client.balance.fetch().balance == "99.9921"


def test_messages_from_people_cost_the_list_price(whoosh: Whoosh, client: Client) -> None:
    whoosh.receive("x" * 161, from_=PERSON, to=OURS)

    (message,) = client.messages.list()
    price = client.pricing.v1.messaging.countries("US").fetch().inbound_sms_prices[0]["current_price"]
    assert (message.price, message.price_unit) == (f"{-2 * Decimal(price):.5f}", "USD")
    assert client.balance.fetch().balance == "99.9850"


def test_a_sub_account_spends_the_balance_of_its_owner(whoosh: Whoosh, client: Client) -> None:
    branch = sub_account(client)
    branch.messages.create(from_=OURS, to=PERSON, body="Hi")

    whoosh.settle()

    assert client.balance.fetch().balance == "99.9921"
    assert branch.balance.fetch().balance == "99.9921"
    assert branch.balance.fetch().account_sid == branch.username


# Keys


@pytest.mark.parametrize("kind", ["keys", "signing_keys"])
def test_a_key_shows_its_secret_once_and_opens_the_account(kind: str) -> None:
    with Whoosh(credentials="exact") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)

        key = getattr(client, f"new_{kind}").create(friendly_name="CI")

        app = Client(key.sid, key.secret, whoosh.account_sid)
        assert app.messages.create(from_=OURS, to=PERSON, body="Hi").status == "queued"
        assert not hasattr(getattr(client, kind)(key.sid).fetch(), "secret")
        assert getattr(client, kind)(key.sid).fetch().friendly_name == "CI"


def test_a_deleted_key_opens_nothing() -> None:
    with Whoosh(credentials="exact") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        key = client.new_keys.create()
        client.keys(key.sid).delete()

        with pytest.raises(TwilioRestException) as refusal:
            Client(key.sid, key.secret, whoosh.account_sid).balance.fetch()

        assert (refusal.value.status, refusal.value.code) == (401, 20003)


def test_the_accounts_first_key_is_listed_with_the_others(whoosh: Whoosh, client: Client) -> None:
    key = client.new_keys.create(friendly_name="CI")

    assert [each.sid for each in client.keys.list(page_size=1)] == [key.sid, whoosh.api_key]
    assert [each.sid for each in client.signing_keys.list(page_size=1)] == [key.sid, whoosh.api_key]


def test_a_key_is_renamed(client: Client) -> None:
    key = client.new_keys.create(friendly_name="CI")

    client.keys(key.sid).update(friendly_name="Production")

    assert client.keys(key.sid).fetch().friendly_name == "Production"


def test_an_unknown_key_is_not_found(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        client.keys("SK" + "0" * 32).fetch()

    assert (refusal.value.status, refusal.value.code) == (404, 20404)
