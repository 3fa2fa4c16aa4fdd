"""The recorded webhook parameters, and their order."""

from datetime import UTC, datetime

import pytest

from pytest_whoosh.engine.account.account import Account, AccountResources
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY, REPORTED, Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.webhooks.parameters import CHANNEL_PARAMETERS, in_order, status_params

NOW = datetime(2030, 1, 1, 12, 34, 56, tzinfo=UTC)


def message(*, to: str = "+15558675310", from_: str = "+15557122661", error_code: int | None = None) -> Message:
    made = Message(
        sid="SM1",
        serial=0,
        account=Account("AC1", "", AccountResources(), NOW),
        to=to,
        from_=from_,
        body="Hi",
        direction="outbound-api",
        status=Status.QUEUED,
        date_created=NOW,
        date_updated=NOW,
        journey=DEFAULT_JOURNEY,
    )
    made.error_code = error_code
    return made


def names(status: Status, *, channel: str = "", error_code: int | None = None) -> str:
    """Return the names of a status callback's parameters, in order."""
    prefix = f"{channel}:" if channel else ""
    sent = message(to=f"{prefix}+15558675310", from_=f"{prefix}+15557122661", error_code=error_code)
    return " ".join(status_params(sent, status, NOW))


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(
            "ToCountry ToState SmsMessageSid NumMedia ToCity FromZip SmsSid FromState SmsStatus FromCity Body "
            "FromCountry To MessagingServiceSid ToZip NumSegments MessageSid AccountSid From ApiVersion",
            id="SMS through a service",
        ),
        pytest.param(
            "ToCountry MediaContentType0 ToState SmsMessageSid NumMedia ToCity FromZip SmsSid FromState SmsStatus "
            "FromCity Body FromCountry To ToZip NumSegments MessageSid AccountSid From MediaUrl0 ApiVersion",
            id="MMS (recorded.md 21)",
        ),
        pytest.param(
            "OriginalRepliedMessageSender ExternalUserId SmsMessageSid FrequentlyForwarded NumMedia ProfileName "
            "MessageType SmsSid WaId SmsStatus Body Forwarded ButtonText To ButtonPayload NumSegments ReferralNumMedia "
            "MessageSid AccountSid OriginalRepliedMessageSid ChannelMetadata From ApiVersion",
            id="a tap on a button on WhatsApp (recorded.md 22)",
        ),
    ],
)
def test_inbound_parameters_have_the_recorded_order(recorded: str) -> None:
    alphabetical = sorted(recorded.split())

    assert " ".join(in_order(dict.fromkeys(alphabetical, ""))) == recorded


@pytest.mark.parametrize(
    ("status", "error_code", "expected"),
    [
        (Status.SENT, None, "ApiVersion MessageStatus SmsSid SmsStatus To From MessageSid AccountSid"),
        (
            Status.DELIVERED,
            None,
            "ApiVersion MessageStatus RawDlrDoneDate SmsSid SmsStatus To From MessageSid AccountSid",
        ),
        (
            Status.UNDELIVERED,
            30003,
            "ErrorCode ApiVersion MessageStatus RawDlrDoneDate SmsSid SmsStatus To From MessageSid AccountSid",
        ),
        (Status.FAILED, 30008, "ErrorCode ApiVersion MessageStatus SmsSid SmsStatus To From MessageSid AccountSid"),
    ],
)
def test_sms_callbacks_have_the_recorded_order(  # recorded.md 14
    status: Status, error_code: int | None, expected: str
) -> None:
    assert names(status, error_code=error_code) == expected


@pytest.mark.parametrize("code", [30007, 30034, 30450])
def test_what_the_vendor_filters_has_no_moment_of_a_carriers_report(code: int) -> None:  # recorded.md 15
    assert "RawDlrDoneDate" not in names(Status.UNDELIVERED, error_code=code)


@pytest.mark.parametrize(
    ("status", "error_code", "expected"),
    [
        (Status.QUEUED, None, "SmsSid SmsStatus MessageStatus To MessageSid AccountSid From ApiVersion"),
        (
            Status.SENT,
            None,
            (
                "SmsSid SmsStatus MessageStatus ChannelToAddress To ChannelPrefix MessageSid AccountSid "
                "StructuredMessage From ApiVersion ChannelInstallSid"
            ),
        ),
        (
            Status.DELIVERED,
            None,
            (
                "EventType SmsSid SmsStatus MessageStatus ChannelToAddress To ChannelPrefix MessageSid AccountSid From "
                "ApiVersion ChannelInstallSid"
            ),
        ),
        (
            Status.READ,
            None,
            (
                "EventType SmsSid SmsStatus MessageStatus ChannelToAddress To ChannelPrefix MessageSid AccountSid From "
                "ApiVersion"
            ),
        ),
    ],
)
def test_whatsapp_callbacks_have_the_recorded_order(  # recorded.md 16
    status: Status, error_code: int | None, expected: str
) -> None:
    assert names(status, channel="whatsapp", error_code=error_code) == expected


@pytest.mark.parametrize("channel", ["whatsapp", "messenger", "rcs"])
@pytest.mark.parametrize("status", [Status.FAILED, Status.UNDELIVERED])
def test_a_failed_channel_callback_has_an_error_message(channel: str, status: Status) -> None:  # recorded.md 17
    failed = message(to=f"{channel}:+15558675310", from_=f"{channel}:+15557122661", error_code=63016)

    params = status_params(failed, status, NOW)

    assert params["ErrorCode"] == "63016"
    assert params["ErrorMessage"].startswith(
        "Twilio Error: Failed to send freeform message because you are outside the allowed window."
    )
    assert params["ErrorMessage"] == f"Twilio Error: {params['ChannelStatusMessage']}"


def test_every_reported_status_says_what_channels_add() -> None:
    assert set(CHANNEL_PARAMETERS) == REPORTED
