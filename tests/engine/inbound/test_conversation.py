"""Messages from people: the webhook, the app's TwiML, and opting out."""

import socket
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from flask import Flask, Response, redirect, request, session
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER


class App(Flask):
    """An app with a response for each path, set by the test."""

    def __init__(self) -> None:
        super().__init__("app")
        self.answers: dict[str, tuple[str, str, int]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.signed: list[bool] = []
        self.add_url_rule("/<path:path>", view_func=self.answer, methods=["GET", "POST"])

    def says(self, path: str, body: object, content_type: str = "text/xml", status: int = 200) -> None:
        self.answers[path] = (str(body), content_type, status)

    def answer(self, path: str) -> Response:
        self.requests.append((f"{request.method} /{path}", request.values.to_dict()))
        validator = RequestValidator(self.config["AUTH_TOKEN"])
        self.signed.append(
            validator.validate(request.url, request.form.to_dict(), request.headers["X-Twilio-Signature"])
        )
        body, content_type, status = self.answers.get(path, ("", "text/xml", 200))
        return Response(body, status, content_type=content_type or None)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@pytest.fixture
def app(whoosh: Whoosh) -> App:
    app = App()
    app.config["AUTH_TOKEN"] = whoosh.auth_token
    whoosh.mount("https://app.example", app)
    return app


def text(whoosh: Whoosh, body: str = "Hi", **params):
    return whoosh.receive(body, from_=PERSON, to=SENDER, **params)


def twiml(*bodies: str) -> str:
    response = MessagingResponse()
    for body in bodies:
        response.message(body)
    return str(response)


# The webhook


def test_a_message_reaches_the_webhook_of_the_number(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = text(whoosh, "Confirm please")

    sid = reply.message.sid
    assert app.requests == [
        (
            "POST /sms",
            {
                "ToCity": "",
                "ToState": "",
                "ToZip": "",
                "ToCountry": "US",
                "FromCity": "",
                "FromState": "",
                "FromZip": "",
                "FromCountry": "US",
                "SmsMessageSid": sid,
                "NumMedia": "0",
                "SmsSid": sid,
                "SmsStatus": "received",
                "Body": "Confirm please",
                "To": SENDER,
                "NumSegments": "1",
                "MessageSid": sid,
                "AccountSid": whoosh.account_sid,
                "From": PERSON,
                "ApiVersion": "2010-04-01",
            },
        )
    ]
    assert app.signed == [True]
    assert (reply.webhook.response_status, reply.webhook.error) == (200, None)


@pytest.mark.whoosh(clock="frozen")
def test_an_inbound_message_is_stored_with_its_last_status(whoosh, client):
    reply = text(whoosh, "Hello")

    message = whoosh.inbox.one()
    assert message == reply.message
    assert (message.direction, message.status, message.body) == ("inbound", "received", "Hello")
    assert [status for status, _ in message.history] == ["receiving", "received"]
    assert message.date_sent == whoosh.now
    assert client.messages(message.sid).fetch().direction == "inbound"
    assert reply.webhook is None
    whoosh.assert_nothing_sent()


def test_a_webhook_may_be_called_with_get(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms?tenant=1", sms_method="GET")

    text(whoosh, "C")

    [(path, params)] = app.requests
    assert (path, params["tenant"], params["Body"]) == ("GET /sms", "1", "C")
    assert app.signed == [True]


def test_a_valid_number_has_a_location(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    whoosh.receive("Hi", from_="+15558675310", to=SENDER)
    whoosh.receive("Hi", from_="+12126712234", to=SENDER)

    assert [(p["FromCity"], p["FromState"], p["FromCountry"]) for _, p in app.requests] == [
        ("", "", "US"),
        ("NEW YORK", "NY", "US"),
    ]


def test_media_can_be_fetched_where_the_webhook_says(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = text(whoosh, "", media=[(b"%PDF", "application/pdf"), "cat.png"])

    [(_, params)] = app.requests
    assert params["NumMedia"] == "2"
    assert [params["MediaContentType0"], params["MediaContentType1"]] == ["application/pdf", "image/png"]
    assert reply.message.sid.startswith("MM")
    fetched = requests.get(params["MediaUrl0"], auth=(whoosh.api_key, whoosh.api_secret), timeout=5)
    assert (fetched.content, fetched.headers["Content-Type"]) == (b"%PDF", "application/pdf")


def test_a_file_is_a_url_or_a_pair(whoosh):
    with pytest.raises(TypeError) as error:
        text(whoosh, media=[b"%PDF"])

    assert str(error.value) == (
        "Each item of media is a URL, a file name, or a pair such as (b'%PDF', \"application/pdf\"); not b'%PDF'."
    )


def test_the_parameters_of_an_mms_come_in_the_vendors_order(whoosh, app):  # recorded.md 21
    whoosh.add_messaging_service("S", senders=[SENDER], inbound_request_url="https://app.example/sms")

    reply = text(whoosh, media=["cat.png"])

    assert " ".join(reply.webhook.params) == (
        "ToCountry MediaContentType0 ToState SmsMessageSid NumMedia ToCity FromZip SmsSid FromState SmsStatus FromCity "
        "Body FromCountry To MessagingServiceSid ToZip NumSegments MessageSid AccountSid From MediaUrl0 ApiVersion"
    )


def test_the_parameters_of_a_whatsapp_message_come_in_the_vendors_order(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hi", from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}", ProfileName="Ada")

    sid = reply.message.sid
    assert list(reply.webhook.params.items()) == [
        ("SmsMessageSid", sid),
        ("NumMedia", "0"),
        ("ProfileName", "Ada"),
        ("MessageType", "text"),
        ("SmsSid", sid),
        ("WaId", "15558675310"),
        ("SmsStatus", "received"),
        ("Body", "Hi"),
        ("To", f"whatsapp:{SENDER}"),
        ("NumSegments", "1"),
        ("ReferralNumMedia", "0"),
        ("MessageSid", sid),
        ("AccountSid", whoosh.account_sid),
        (
            "ChannelMetadata",
            '{"type":"whatsapp","data":{"context":{"ProfileName":"Ada","WaId":"15558675310"}}}',
        ),
        ("From", f"whatsapp:{PERSON}"),
        ("ApiVersion", "2010-04-01"),
    ]


def test_channel_metadata_is_compact_json_with_raw_letters(whoosh, app):  # recorded.md 20
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hi", from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}", ProfileName="José")

    assert reply.webhook.params["ChannelMetadata"] == (
        '{"type":"whatsapp","data":{"context":{"ProfileName":"José","WaId":"15558675310"}}}'
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ({"body": "Hi"}, "text"),
        ({"media": ["cat.jpg"]}, "image"),
        ({"media": [(b"la", "audio/ogg")]}, "audio"),
        ({"media": [(b"%PDF", "application/pdf")]}, "document"),
        ({"Latitude": "46.95", "Longitude": "7.44"}, "location"),
        ({"body": "Yes", "ButtonPayload": "yes", "ButtonText": "Yes"}, "button"),
        ({"MessageType": "contacts"}, "contacts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_whatsapp_message_has_its_type(whoosh, app, written, kind):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    whoosh.receive(from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}", **written)

    assert app.requests[0][1]["MessageType"] == kind


def test_extra_parameters_are_passed_on(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    text(whoosh, "Yes", ButtonPayload="yes", ButtonText="Yes")

    assert app.requests[0][1]["ButtonPayload"] == "yes"


def test_a_whatsapp_message_has_its_own_parameters(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    whoosh.receive("Hi", from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}", ProfileName="Ada")

    [(_, params)] = app.requests
    assert (params["From"], params["WaId"], params["ProfileName"]) == (f"whatsapp:{PERSON}", "15558675310", "Ada")
    assert "FromCountry" not in params


@pytest.mark.parametrize(
    ("set_up", "path"),
    [
        pytest.param(lambda w: w.add_number(SENDER, sms_url="https://app.example/number"), "/number", id="number"),
        pytest.param(
            lambda w: w.add_number(
                SENDER,
                sms_url="https://app.example/number",
                sms_application_sid=w.add_application(sms_url="https://app.example/application").sid,
            ),
            "/application",
            id="application before number",
        ),
        pytest.param(
            lambda w: (
                w.add_number(SENDER, sms_url="https://app.example/number"),
                w.add_messaging_service("S", senders=[SENDER], inbound_request_url="https://app.example/service"),
            ),
            "/service",
            id="service before number",
        ),
        pytest.param(
            lambda w: (
                w.add_number(SENDER, sms_url="https://app.example/number"),
                w.add_messaging_service(
                    "S",
                    senders=[SENDER],
                    inbound_request_url="https://app.example/service",
                    use_inbound_webhook_on_number=True,
                ),
            ),
            "/number",
            id="number, where the service leaves it to it",
        ),
        pytest.param(
            lambda w: (
                w.add_number(SENDER, sms_url="https://app.example/number"),
                w.add_messaging_service("S", senders=[SENDER]),
            ),
            None,
            id="a service without a URL drops it",
        ),
    ],
)
def test_a_message_calls_the_webhook_of_its_destination(whoosh, app, set_up, path):
    set_up(whoosh)

    text(whoosh)

    assert app.paths == ([f"POST {path}"] if path else [])


# The response


def test_every_message_of_the_answer_is_sent_in_order(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", twiml("First", "Second"))

    reply = text(whoosh)

    assert [message.body for message in reply.replies] == ["First", "Second"]
    first = reply.replies[0]
    assert (first.direction, first.from_, first.to, first.status) == ("outbound-reply", SENDER, PERSON, "queued")
    assert reply.twiml == twiml("First", "Second")
    whoosh.settle()
    assert [message.status for message in reply.replies] == ["delivered", "delivered"]


def test_a_message_takes_its_attributes_body_and_media(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    response = MessagingResponse()
    message = response.message(to="+15558675311", from_="+15557122662", status_callback="/status")
    message.body("Look: ")
    message.body("a cat")
    message.media("/cat.png")
    app.says("sms", response)

    [sent] = text(whoosh).replies
    whoosh.settle()

    assert (sent.to, sent.from_, sent.body) == ("+15558675311", "+15557122662", "Look: a cat")
    assert sent.media_urls == ["https://app.example/cat.png"]
    whoosh.assert_callbacks(sent, "sent", "delivered")
    assert sent.callbacks[0].url == "https://app.example/status"


def test_a_long_reply_is_counted_as_soon_as_it_has_its_sender(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", twiml("a" * 161))

    [sent] = text(whoosh).replies

    assert sent.num_segments == 2
    whoosh.settle()
    assert sent.price == Decimal("-0.0158")


@pytest.mark.parametrize("url", ["http://app.example/status", "https://app.example/status"])
def test_a_reply_may_report_to_any_address(whoosh, app, url):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", f'<Response><Message statusCallback="{url}">Yes</Message></Response>')

    [sent] = text(whoosh).replies
    whoosh.settle()

    assert {callback.url for callback in sent.callbacks} == {url}


def test_a_message_may_be_called_an_sms(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", '<Response><Sms to="+15558675311">Yes</Sms></Response>')

    reply = text(whoosh)

    assert [(message.to, message.body) for message in reply.replies] == [("+15558675311", "Yes")]
    assert reply.webhook.error is None


def test_relative_urls_are_resolved_against_their_document(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms/first")
    app.says("sms/first", "<Response><Redirect>/next/</Redirect></Response>")
    app.says("next/", "<Response><Message>Look<Media>cat.png</Media></Message></Response>")

    [sent] = text(whoosh).replies

    assert sent.media_urls == ["https://app.example/next/cat.png"]


def test_a_reply_from_a_service_belongs_to_the_service(whoosh, app):
    service = whoosh.add_messaging_service(
        "S",
        senders=[SENDER],
        inbound_request_url="https://app.example/sms",
        status_callback="https://app.example/status",
    )
    app.says("sms", twiml("Yes"))

    [sent] = text(whoosh).replies
    whoosh.settle()

    assert (sent.messaging_service_sid, sent.from_, sent.status) == (service.sid, SENDER, "delivered")
    assert [callback.url for callback in sent.callbacks] == ["https://app.example/status"] * len(sent.callbacks)


def test_rules_script_the_journey_of_a_reply_and_never_answer_for_the_api(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.when(body="No").undeliver(30003)
    whoosh.when(body="Never").reject(21610)
    whoosh.when(body="Anyway").timeout()
    app.says("sms", twiml("Yes", "No", "Never", "Anyway"))

    reply = text(whoosh)
    whoosh.settle()

    assert [(message.body, message.status) for message in reply.replies] == [
        ("Yes", "delivered"),
        ("No", "undelivered"),
        ("Never", "delivered"),
        ("Anyway", "delivered"),
    ]
    assert reply.webhook.error is None


def test_a_reply_does_not_use_up_a_rule_about_the_apis_answer(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.when(to=PERSON).webhooks(drop=("sent",)).times(1)
    whoosh.when(to=PERSON).undeliver(30003).times(1)
    outage = whoosh.when(to=PERSON).times(1).timeout()
    app.says("sms", '<Response><Message statusCallback="https://app.example/status">Yes</Message></Response>')

    [sent] = text(whoosh).replies
    whoosh.settle()

    assert (sent.status, [callback.params["MessageStatus"] for callback in sent.callbacks]) == (
        "undelivered",
        ["undelivered"],
    )
    assert (outage.matched, outage.left) == (0, 1)
    assert [(rule.matched, rule.left) for rule in whoosh.rules] == [(1, 0), (1, 0), (0, 1)]


def test_plain_text_is_the_reply(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", "Just <this>", content_type="text/plain; charset=utf-8")

    assert [message.body for message in text(whoosh).replies] == ["Just <this>"]


@pytest.mark.parametrize(
    ("body", "status"), [("", 200), ("", 204), ("<Response/>", 200)], ids=["nothing", "no content", "an empty document"]
)
def test_an_empty_answer_is_no_reply_and_no_error(whoosh, app, body, status):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", body, status=status)

    reply = text(whoosh)

    assert (reply.replies, reply.twiml, reply.webhook.error) == ([], None, None)


def test_a_redirect_leads_on(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", '<Response><Redirect method="GET">next</Redirect><Message>Never</Message></Response>')
    app.says("next", twiml("Here"))

    reply = text(whoosh, "C")

    assert app.paths == ["POST /sms", "GET /next"]
    assert app.requests[1][1]["Body"] == "C"
    assert [message.body for message in reply.replies] == ["Here"]


def test_an_action_follows_its_message(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", '<Response><Message action="/after">One</Message><Message>Never</Message></Response>')
    app.says("after", twiml("Two"))

    reply = text(whoosh)

    assert [message.body for message in reply.replies] == ["One", "Two"]
    assert app.requests[1][1]["MessageSid"] == reply.replies[0].sid


def test_redirects_in_a_circle_end(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", "<Response><Redirect>/sms</Redirect></Response>")

    text(whoosh)

    assert len(app.requests) == 100
    assert whoosh.callbacks[-1].error.code == 14106


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Response><Message>&b;</Message></Response>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response><Message>&a;</Message></Response>'


@pytest.mark.parametrize(
    ("body", "content_type", "status", "error"),
    [
        ("<Response>", "text/xml", 200, "12100 Document parse failure: no element found: line 1, column 10"),
        (BOMB, "text/xml", 200, "12100 Document parse failure: a document type declaration is not allowed"),
        (OUTSIDE, "text/xml", 200, "12100 Document parse failure: a document type declaration is not allowed"),
        ("<Reply/>", "text/xml", 200, "12102 The root element must be Response: the root element is <Reply>"),
        ("{}", "application/json", 200, "12300 Invalid Content-Type: the content type is 'application/json'"),
        (
            "x" * 70_000,
            "text/xml",
            200,
            "11750 TwiML response body too large: the response is longer than 65536 bytes",
        ),
        ("oh no", "text/html", 500, "11200 HTTP retrieval failure: the app answered 500"),
        ("who?", "text/html", 404, "11200 HTTP retrieval failure: the app answered 404"),
    ],
    ids=["cut off", "entity bomb", "external entity", "another root", "JSON", "too long", "5xx", "4xx"],
)
def test_a_wrong_response_is_recorded_and_the_fallback_called(whoosh, app, body, content_type, status, error):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_fallback_url="https://app.example/fallback")
    app.says("sms", body, content_type, status)
    app.says("fallback", twiml("Sorry"))

    reply = text(whoosh)

    assert reply.webhook.error == error
    assert app.paths == ["POST /sms", "POST /fallback"]
    assert app.requests[1][1]["ErrorCode"] == error[:5]
    assert app.requests[1][1]["ErrorUrl"] == "https://app.example/sms"
    assert [message.body for message in reply.replies] == ["Sorry"]
    assert error[:60] in whoosh.traffic()


@pytest.mark.parametrize(
    ("document", "error", "bodies"),
    [
        (
            "<Say>Hi</Say><Message>Yes</Message>",
            "12200 Schema validation warning: <Say> is not a messaging verb",
            ["Yes"],
        ),
        (
            '<Say voice="alice">Hi</Say><Message>Yes</Message>',
            "12200 Schema validation warning: <Say> is not a messaging verb",
            ["Yes"],
        ),
        (
            "Hello <Message>Yes</Message>",
            "12200 Schema validation warning: the text 'Hello' is outside of <Message>",
            ["Yes"],
        ),
        (
            '<Message status_callback="/status">Yes</Message>',
            "12200 Schema validation warning: 'status_callback' is not an attribute of <Message>",
            ["Yes"],
        ),
        (
            "<Message>Yes<Link>No</Link></Message>",
            "12200 Schema validation warning: <Link> is not allowed in <Message>",
            ["Yes"],
        ),
        (
            '<Message from="+15557122669">A</Message>',
            "14108 From phone number not SMS capable: +15557122669 cannot send messages",
            [],
        ),
        (
            '<Message to="whatsapp:+15558675310">A</Message>',
            (
                "21910 Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel: "
                "whatsapp:+15558675310 and +15557122661 are not on the same channel"
            ),
            [],
        ),
        (
            '<Message to="nobody">A</Message><Message>B</Message>',
            "14101 Invalid \"To\" attribute: 'nobody' is not a recipient that this sender can write to",
            ["B"],
        ),
        (
            '<Message from="???">A</Message>',
            "14102 Invalid \"From\" attribute: '???' is not a sender of the account",
            [],
        ),
        ("<Message></Message>", "14103 Invalid Body: a body is from 1 to 1600 characters long", []),
        (f"<Message>{'x' * 1601}</Message>", "14103 Invalid Body: a body is from 1 to 1600 characters long", []),
        (
            '<Message method="PUT">A</Message>',
            "14104 Invalid Method attribute: the method 'PUT' of <Message> is neither GET nor POST",
            [],
        ),
        (
            '<Message statusCallback="nowhere">A</Message>',
            "14105 Invalid statusCallback attribute: 'nowhere' is not a URL",
            [],
        ),
        ('<Message statusCallback="http://[">A</Message>', "14105 Invalid statusCallback attribute: 'http://['", []),
        ("<Message><Media>http://[</Media></Message>", "21620 Invalid media URL(s): 'http://[' is not a URL", []),
        ('<Message action="http://a:-1/">A</Message>', "11100 Invalid URL format: 'http://a:-1/' is not a URL", ["A"]),
        ("<Redirect>http://[</Redirect>", "11100 Invalid URL format: 'http://[' is not a URL", []),
        (
            "<Message>A</Message>" * 11,
            "14109 TwiML Reply message limit exceeded: one message has at most 10 replies",
            ["A"] * 10,
        ),
    ],
    ids=[
        "unknown verb",
        "unknown verb with an attribute",
        "text outside",
        "unknown attribute",
        "unknown part",
        "a landline",
        "another channel",
        "bad to",
        "bad from",
        "no body",
        "long body",
        "bad method",
        "bad callback",
        "callback with half an address",
        "media with half an address",
        "action with a bad port",
        "redirect to half an address",
        "eleven messages",
    ],
)
def test_mistakes_in_a_document_are_recorded(whoosh, app, document, error, bodies):
    whoosh.add_number("+15557122669", sms_capable=False)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", f"<Response>{document}</Response>")

    reply = text(whoosh)

    assert reply.webhook.error.startswith(error)
    assert [message.body for message in reply.replies] == bodies


def test_half_a_character_arrives_as_the_replacement_character(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("a\ud800b", from_=PERSON, to=SENDER, media=[(b"", "\ud800")], ButtonPayload="\udfff")

    assert (reply.message.body, reply.webhook.params["Body"]) == ("a\ufffdb", "a\ufffdb")
    assert (reply.webhook.params["MediaContentType0"], reply.webhook.params["ButtonPayload"]) == ("\ufffd", "\ufffd")
    assert reply.webhook.error is None


def test_a_handler_that_raises_does_not_break_the_test(whoosh):
    def app(environ, start_response):
        raise RuntimeError("no database")

    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.mount("https://app.example", app)

    reply = text(whoosh)

    assert reply.webhook.error.code == 11200
    assert "the app raised RuntimeError: no database (test_conversation.py:" in reply.webhook.error


# Time, retries and fallbacks


def test_an_app_that_takes_more_than_15_seconds_has_not_answered(freezer, whoosh):
    def app(environ, start_response):
        freezer.tick(16 if environ["PATH_INFO"] == "/slow" else 14)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    whoosh.add_number(SENDER, sms_url="https://app.example/slow", sms_fallback_url="https://app.example/quick")
    whoosh.mount("https://app.example", app)

    reply = text(whoosh)

    assert reply.webhook.error == (
        "11200 HTTP retrieval failure: the app took 16 seconds to answer, and 15 are allowed"
    )
    assert reply.webhook.attempts == 1
    assert [message.body for message in reply.replies] == ["/quick"]


def test_a_response_without_a_content_type_is_an_error(whoosh):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"Hi"]

    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.mount("https://app.example", app)

    reply = text(whoosh)

    assert reply.webhook.error == "12300 Invalid Content-Type: the response has no content type"
    assert reply.replies == []


def test_a_connection_that_fails_is_tried_once_more_before_the_fallback(whoosh, app):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        whoosh.mount(url)
        whoosh.add_number(SENDER, sms_url=f"{url}/sms", sms_fallback_url="https://app.example/fallback")

        reply = text(whoosh)

    assert (reply.webhook.attempts, reply.webhook.error.code) == (2, 11205)
    assert (app.requests[0][1]["ErrorCode"], app.requests[0][1]["ErrorUrl"]) == ("11205", f"{url}/sms")


def test_the_fallback_is_called_with_its_own_method(whoosh, app):
    whoosh.add_number(
        SENDER,
        sms_url="https://app.example/sms",
        sms_fallback_url="https://app.example/fallback",
        sms_fallback_method="GET",
    )
    app.says("sms", "", status=500)

    text(whoosh, "C")

    assert app.paths == ["POST /sms", "GET /fallback"]
    assert app.requests[1][1] == {
        **app.requests[0][1],
        "ErrorCode": "11200",
        "ErrorUrl": "https://app.example/sms",
    }
    assert app.signed == [True, True]


def test_the_fallback_of_a_service_is_called_with_its_own_method(whoosh, app):
    whoosh.add_messaging_service(
        "S",
        senders=[SENDER],
        inbound_request_url="https://app.example/sms",
        fallback_url="https://app.example/fallback",
        fallback_method="GET",
    )
    app.says("sms", "", status=500)

    text(whoosh)

    assert app.paths == ["POST /sms", "GET /fallback"]


def test_the_fallback_gets_the_url_that_failed(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_fallback_url="https://app.example/fallback")
    app.says("sms", "<Response><Redirect>/next</Redirect></Response>")
    app.says("next", "", status=500)

    text(whoosh)

    assert app.paths == ["POST /sms", "POST /next", "POST /fallback"]
    assert app.requests[2][1]["ErrorUrl"] == "https://app.example/next"


def test_a_fallback_can_redirect_and_passes_the_failure_on(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_fallback_url="https://app.example/fallback")
    app.says("sms", "", status=500)
    app.says("fallback", "<Response><Redirect>/sorry</Redirect></Response>")
    app.says("sorry", twiml("Sorry"))

    reply = text(whoosh)

    assert app.paths == ["POST /sms", "POST /fallback", "POST /sorry"]
    assert app.requests[2][1]["ErrorCode"] == "11200"
    assert [message.body for message in reply.replies] == ["Sorry"]


def test_a_redirect_to_an_unmounted_url_ends_there(whoosh):
    app = Flask("app")
    app.add_url_rule("/sms", view_func=lambda: redirect("https://elsewhere.example/sms"), methods=["POST"])
    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = text(whoosh)

    assert (reply.webhook.response_status, reply.webhook.error, reply.replies) == (302, None, [])


# Cookies


@pytest.fixture
def counter(whoosh):
    """An app that counts the messages of a conversation in its session."""
    app = Flask("counter")
    app.secret_key = "secret"

    @app.post("/sms")
    def sms():
        session["count"] = 1 + session.get("count", 0)
        if request.form["Body"] == "Forget":
            session.clear()
        return Response(str(session.get("count", "forgotten")), content_type="text/plain")

    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.add_number("+15557122662", sms_url="https://app.example/sms")

    def count(body="Hi", from_=PERSON, to=SENDER):
        [answer] = whoosh.receive(body, from_=from_, to=to).replies
        return answer.body

    return count


def test_the_cookies_of_a_conversation_are_kept(counter):
    assert [counter(), counter(), counter("Forget"), counter()] == ["1", "2", "forgotten", "1"]


def test_every_pair_of_numbers_has_its_own_cookies(counter):
    assert [counter(), counter(to="+15557122662"), counter(from_="+15558675311"), counter()] == ["1", "1", "1", "2"]


def test_an_app_sets_several_cookies_and_deletes_them(whoosh):
    app = Flask("app")
    shown = []

    @app.post("/sms")
    def sms():
        shown.append(request.headers.get("Cookie"))
        response = Response()
        if request.form["Body"] == "Set":
            response.set_cookie("step", "2")
            response.set_cookie("name", "Ada Lovelace")
        elif request.form["Body"] == "Delete":
            response.headers.add("Set-Cookie", "a/b=broken")
            response.delete_cookie("step")
        return response

    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    for body in ("Set", "Delete", "Look"):
        text(whoosh, body)

    assert shown == [None, 'step=2; name="Ada Lovelace"', 'name="Ada Lovelace"']


@pytest.mark.parametrize(("minutes", "count"), [(239, "2"), (240, "1")])
def test_cookies_are_kept_for_four_hours(whoosh, counter, minutes, count):
    counter()

    whoosh.travel(minutes=minutes)

    assert counter() == count


# Opting out


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop ", "STOPALL", "unsubscribe", "Cancel", "END", "quit", "OPTOUT"]
)
def test_after_a_stop_keyword_nothing_can_be_sent(whoosh, client, word):
    reply = text(whoosh, word)

    assert reply.keyword_answer == (
        "You have successfully been unsubscribed. You will not receive any more messages from this number. "
        "Reply START to resubscribe."
    )
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SENDER, body="Hello?")
    assert (refused.value.status, refused.value.code) == (400, 21610)


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_a_start_keyword_allows_messages_again(whoosh, client, word):
    text(whoosh, "STOP")

    text(whoosh, word)

    client.messages.create(to=PERSON, from_=SENDER, body="Hello again")
    whoosh.assert_sent(body="Hello again")


def test_a_start_keyword_is_answered(whoosh):
    assert text(whoosh, "START").keyword_answer == (
        "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
        "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    )


def test_a_sentence_is_not_a_keyword(whoosh, client):
    reply = text(whoosh, "STOP PLEASE")

    assert reply.keyword_answer is None
    client.messages.create(to=PERSON, from_=SENDER, body="Hello")


def test_help_is_answered_until_a_person_has_opted_out(whoosh):
    before = text(whoosh, "help").keyword_answer
    text(whoosh, "STOP")
    after = text(whoosh, "help").keyword_answer

    assert (before, after) == ("Reply STOP to unsubscribe. Msg&Data Rates May Apply.", None)


def test_a_second_stop_is_not_answered_again(whoosh):
    text(whoosh, "STOP")

    assert text(whoosh, "STOP").keyword_answer is None


def test_a_keyword_reaches_the_app_and_its_reply_is_blocked(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    app.says("sms", twiml("Sorry to see you go"))

    reply = text(whoosh, "STOP")

    assert app.requests[0][1]["Body"] == "STOP"
    assert reply.replies == []
    assert reply.webhook.error.startswith("21610 Attempt to send to unsubscribed recipient")


def test_one_stop_silences_a_whole_service_and_no_other(whoosh, client):
    service = whoosh.add_messaging_service("S", senders=[SENDER, "+15557122662"])
    other = whoosh.add_messaging_service("T", senders=["+15557122663"])

    text(whoosh, "STOP")
    for sid in (service.sid, other.sid):
        client.messages.create(to=PERSON, messaging_service_sid=sid, body="Hello")
    whoosh.settle()

    assert [(message.status, message.error_code) for message in whoosh.outbox] == [
        ("failed", 21610),
        ("delivered", None),
    ]


def test_a_scheduled_message_fails_if_the_person_opts_out_meanwhile(whoosh, client):
    service = whoosh.add_messaging_service("S", senders=[SENDER])
    send_at = whoosh.now + timedelta(hours=1)
    client.messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="Soon", schedule_type="fixed", send_at=send_at
    )

    text(whoosh, "STOP")
    whoosh.travel(hours=2)

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 21610)


def test_a_toll_free_number_answers_in_the_networks_words(whoosh):
    stopped = whoosh.receive("Stop", from_=PERSON, to="+18005550100")
    yes = whoosh.receive("YES", from_=PERSON, to="+18005550100")
    started = whoosh.receive("unstop", from_=PERSON, to="+18005550100")

    assert stopped.keyword_answer == (
        'NETWORK MSG: You replied with the word "Stop" which blocks all texts sent from this number. '
        'Text back "unstop" to receive messages again.'
    )
    assert yes.keyword_answer is None
    assert started.keyword_answer == (
        'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from this number.'
    )


def test_a_short_code_without_a_service_has_no_keywords(whoosh, client):
    whoosh.add_short_code("12345")

    reply = whoosh.receive("STOP", from_=PERSON, to="12345")

    assert reply.keyword_answer is None
    client.messages.create(to=PERSON, from_="12345", body="Hello")


def test_advanced_opt_out_reports_keywords_to_the_app(whoosh, app):
    whoosh.add_messaging_service(
        "S", senders=[SENDER], inbound_request_url="https://app.example/sms", advanced_opt_out=True
    )

    text(whoosh, "STOP")

    assert app.requests[0][1]["OptOutType"] == "STOP"


def test_a_reply_of_a_service_to_a_person_who_opted_out_fails(whoosh, app):
    whoosh.add_messaging_service("S", senders=[SENDER], inbound_request_url="https://app.example/sms")
    app.says("sms", twiml("Sorry to see you go"))

    [sent] = text(whoosh, "STOP").replies
    whoosh.settle()

    assert (sent.status, sent.error_code) == ("failed", 21610)


@pytest.mark.parametrize(
    ("properties", "told"),
    [({}, (None, None)), ({"advanced_opt_out": True}, ("STOP", "You have successfully been unsubscribed."))],
    ids=["by default", "with advanced opt-out"],
)
def test_keywords_work_on_whatsapp(whoosh, app, properties, told):
    whoosh.add_messaging_service(
        "S", senders=[f"whatsapp:{SENDER}"], inbound_request_url="https://app.example/sms", **properties
    )

    reply = whoosh.receive("stop", from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}")

    answer = reply.keyword_answer and reply.keyword_answer[:40]
    assert (app.requests[0][1].get("OptOutType"), answer) == told


def test_an_opt_out_applies_to_one_number_only(whoosh, client):
    text(whoosh, "STOP")

    client.messages.create(to=PERSON, from_="+15557122662", body="Hello")

    whoosh.assert_sent(body="Hello")


# A conversation


def test_a_conversation_reads_like_one(whoosh, app):
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    phone = whoosh.phone(PERSON)

    app.says("sms", twiml("Confirm with C"))
    phone.text("Hi", to=SENDER)
    app.says("sms", twiml("Confirmed"))
    phone.text("C", to=SENDER)
    whoosh.settle()

    assert [message.body for message in phone.received] == ["Confirm with C", "Confirmed"]


def test_a_phone_shows_messages_in_the_order_in_which_they_arrived(whoosh, client):
    phone = whoosh.phone(PERSON)
    whoosh.when(body="Slow").deliver(after=timedelta(hours=1))
    whoosh.when(body="Lost").undeliver()
    for body in ("Slow", "Lost", "Quick"):
        client.messages.create(to=PERSON, from_=SENDER, body=body)

    whoosh.travel(minutes=1)
    assert [message.body for message in phone.received] == ["Quick"]

    whoosh.travel(hours=1)
    assert [message.body for message in phone.received] == ["Quick", "Slow"]


# Wrong use of the double


def test_a_person_needs_an_address(whoosh):
    with pytest.raises(ValueError) as error:
        whoosh.receive("Hi", from_="Ada", to=SENDER)

    assert str(error.value) == (
        "A person must be a phone number such as \"+15558675310\", or a channel address; not 'Ada'."
    )


def test_a_person_can_send_several_media(whoosh):
    with pytest.raises(TypeError) as error:
        text(whoosh, media="cat.png")

    assert str(error.value) == "media takes several files: write media=['cat.png']."
