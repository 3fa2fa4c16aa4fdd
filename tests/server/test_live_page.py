"""The live page in a browser."""

import re
import shlex
import subprocess
import threading
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from pytest_whoosh import Server, Whoosh
from tests.browser import Watch
from tests.conftest import PERSON, SENDER

expect = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright").expect

pytestmark = pytest.mark.whoosh(clock="virtual")

OTHER = "+15550001111"


@pytest.fixture
def send(client):
    return lambda body="Hi", to=PERSON, from_=SENDER, **more: client.messages.create(
        to=to, from_=from_, body=body, **more
    )


@pytest.fixture
def live(page, whoosh_server: Server, watch: Watch):
    """The page. It sends requests to its own server only."""
    url = whoosh_server.url
    page.goto(url)
    expect(page.locator("#clock")).not_to_be_empty()
    yield page
    assert [request for request in watch.requests if not request.startswith(url)] == []


def phone(live: Any, person: str = PERSON) -> Any:
    return live.get_by_role("region", name=f"Phone {person}", exact=True)


def pick(live: Any, person: str = PERSON) -> Any:
    """Pick a person in the list, and return their phone's element."""
    live.locator(f'#people [data-person="{person}"]').click()
    expect(phone(live, person)).to_be_visible()
    return phone(live, person)


def entries(live: Any) -> Any:
    """Return the list of all messages and refused calls."""
    return live.locator(".entries > li")


def panel(live: Any, title: str) -> Any:
    return live.get_by_role("region", name=title, exact=True)


def clock(live: Any) -> str:
    return live.locator("#clock").get_attribute("datetime")


def moment(whoosh: Whoosh) -> str:
    return whoosh.now.isoformat().replace("+00:00", "Z")


def test_an_empty_inbox_offers_a_command_to_copy(live, whoosh_server, whoosh):
    live.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(panel(live, "No message yet").locator("pre")).to_be_visible()

    live.get_by_role("button", name="Copy the command").click()

    command = live.evaluate("navigator.clipboard.readText()")
    assert shlex.split(command.replace("\\\n", "")) == [
        "curl", f"{whoosh_server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        "-u", f"{whoosh.account_sid}:{whoosh.auth_token}",
        "--data-urlencode", f"To={PERSON}",
        "--data-urlencode", f"From={SENDER}",
        "--data-urlencode", "Body=Hello",
    ]  # fmt: skip
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    whoosh.assert_sent(to=PERSON, from_=SENDER, body="Hello")
    expect(entries(live)).to_contain_text("Hello")


def test_messages_appear_by_themselves(live, send):
    send("Your code is 1234")
    expect(entries(live)).to_have_text([re.compile("Your code is 1234")])
    bubbles = pick(live).locator(".bubble")
    expect(bubbles).to_have_text(["Your code is 1234"])
    expect(live.locator("#flight")).to_have_text("1 message in flight")

    send("Your code is 5678")

    expect(bubbles).to_have_text(["Your code is 1234", "Your code is 5678"])
    expect(live.locator("#found")).to_have_text("2 messages")


def test_time_moves_until_messages_have_arrived(live, send, whoosh):
    send()

    live.get_by_role("button", name="Settle").click()

    expect(entries(live).locator(".status")).to_have_text("delivered")
    expect(live.locator("#flight")).to_have_text("0 messages in flight")
    assert clock(live) == moment(whoosh)


@pytest.mark.parametrize(("button", "seconds"), [("+1 min", 60), ("+1 h", 3600), ("+1 day", 86400)])
def test_time_moves_by_steps(live, whoosh, button, seconds):
    before = whoosh.now

    live.get_by_role("button", name=button).click()

    expect(live.locator("#clock")).not_to_have_attribute("datetime", before.isoformat().replace("+00:00", "Z"))
    assert (whoosh.now - before).total_seconds() == seconds
    assert clock(live) == moment(whoosh)


def test_while_time_moves_the_page_shows_the_progress(live, send, whoosh):
    going_on = threading.Event()

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        assert going_on.wait(30)
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", slow)
    send()
    send(status_callback="https://app.example/status")

    live.get_by_role("button", name="Settle").click()

    expect(live.locator("#flight")).to_have_text("Time is moving; 2 messages in flight")
    expect(live.get_by_role("progressbar")).to_be_visible()
    expect(live.get_by_role("button", name="+1 day")).to_be_disabled()
    going_on.set()
    expect(live.locator("#flight")).to_have_text("0 messages in flight")
    expect(live.get_by_role("progressbar")).to_be_hidden()
    expect(live.get_by_role("button", name="+1 day")).to_be_enabled()


def test_time_moves_to_a_moment(live, whoosh):
    live.get_by_label("Until, in UTC").fill("2100-01-31T09:30:00")
    live.get_by_role("button", name="Travel").click()

    expect(live.locator("#clock")).to_have_text("09:30:00")
    expect(live.locator("#day")).to_have_text("Sunday, 31 January 2100")
    assert moment(whoosh) == "2100-01-31T09:30:00Z"


def test_a_way_back_in_time_is_refused_in_the_words_of_the_control_api(live, whoosh):
    live.get_by_label("Until, in UTC").fill("2001-01-31T09:30:00")
    live.get_by_role("button", name="Travel").click()

    refusal = panel(live, "Time").get_by_role("alert")
    expect(refusal).to_contain_text("Time does not run backwards: it is ")
    expect(refusal).to_contain_text("and 2001-01-31 09:30:00 UTC is past.")


def test_a_person_answers_from_their_phone(live, send, whoosh):
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>See you!</Message></Response>"]

    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    send("Tomorrow at nine?")

    pick(live).get_by_label(f"Answer as {PERSON}").fill("Yes 👍")
    live.keyboard.press("Enter")

    expect(phone(live).locator(".from-person .bubble")).to_have_text("Yes 👍")
    expect(phone(live).locator(".from-app")).to_have_count(2)
    expect(phone(live).get_by_label(f"Answer as {PERSON}")).to_be_empty()
    assert [message.body for message in whoosh.messages] == ["Tomorrow at nine?", "Yes 👍", "See you!"]


def test_an_answer_goes_to_the_last_sender_or_to_another(live, send, whoosh):
    send("From one")
    send("From the other", from_="+15557122662")
    addressee = pick(live).get_by_label("To", exact=True)
    expect(addressee).to_have_value("+15557122662")

    addressee.select_option(SENDER)
    phone(live).get_by_label(f"Answer as {PERSON}").fill("Hello, one")
    live.keyboard.press("Enter")

    expect(phone(live).locator(".from-person .bubble")).to_have_text("Hello, one")
    assert [message.to for message in whoosh.inbox] == [SENDER]


def test_a_person_without_messages_can_write_first(live, whoosh):
    form = panel(live, "Write as a person")
    form.get_by_label("From").fill(OTHER)
    form.get_by_label("To").fill(SENDER)
    form.get_by_label("Text").fill("Hello?")
    form.get_by_role("button", name="Send").click()

    expect(entries(live)).to_have_text(re.compile(re.escape(f"from {OTHER}Hello?received")))
    expect(pick(live, OTHER).locator(".bubble")).to_have_text("Hello?")
    assert [message.from_ for message in whoosh.inbox] == [OTHER]


def test_an_invalid_number_is_refused_with_the_text_of_the_control_api(live):
    form = panel(live, "Write as a person")
    form.get_by_label("From").fill("me")
    form.get_by_label("To").fill(SENDER)
    form.get_by_role("button", name="Send").click()

    expect(form.get_by_role("alert")).to_contain_text("A person must be a phone number such as")


def test_a_failure_is_scripted(live, send, whoosh):
    script = panel(live, "Script a failure")
    script.get_by_label("To, or anybody").fill(PERSON)
    script.get_by_label("Text that matches the pattern").fill("code")
    script.get_by_label("Times").fill("1")
    script.get_by_role("button", name="Script").click()
    expect(script.get_by_role("alert")).to_have_text(f"Scripted: undelivered, 30003, to {PERSON}.")

    first, second, third = send("Hello"), send("Your code is 1234"), send("Your code is 5678")
    live.get_by_role("button", name="Settle").click()

    expect(live.locator(".entry-status", has_text="30003")).to_have_text("undelivered30003")
    expect(live.locator("#people .row-lost")).to_have_text("1 not delivered")
    expect(pick(live).locator(".message-error")).to_have_text("30003 Unreachable destination handset")
    statuses = {message.sid: message.status for message in whoosh.outbox}
    assert [statuses[each.sid] for each in (first, second, third)] == ["delivered", "undelivered", "delivered"]


def test_each_failure_proposes_its_code(live):
    script = panel(live, "Script a failure")

    script.get_by_label("What happens").select_option("refused by the API")
    expect(script.get_by_label("Code")).to_have_value("21610")
    script.get_by_label("What happens").select_option("failed")
    expect(script.get_by_label("Code")).to_have_value("30008")


def test_an_unknown_code_is_refused_in_the_words_of_the_control_api(live):
    script = panel(live, "Script a failure")
    script.get_by_label("Code").fill("1")
    script.get_by_role("button", name="Script").click()

    expect(script.get_by_role("alert")).to_contain_text("does not know the error code 1.")


def test_a_reset_is_confirmed_first(live, send, whoosh):
    send()
    expect(entries(live)).to_have_count(1)

    live.get_by_role("button", name="Reset").click()
    live.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(live.get_by_role("dialog")).to_be_hidden()
    assert len(whoosh.messages) == 1

    live.get_by_role("button", name="Reset").click()
    live.get_by_role("dialog").get_by_role("button", name="Reset").click()

    expect(panel(live, "No message yet")).to_be_visible()
    assert len(whoosh.messages) == 0


def test_the_values_that_an_app_needs_can_be_copied(live, whoosh_server, whoosh):
    live.context.grant_permissions(["clipboard-read", "clipboard-write"])
    codes = live.locator("#credentials code")

    live.get_by_role("button", name="Copy Auth token").click()

    expect(live.get_by_role("button", name="Copy Auth token")).to_have_text("Copied")
    assert live.evaluate("navigator.clipboard.readText()") == whoosh.auth_token
    assert codes.all_inner_texts() == [
        whoosh_server.url, whoosh.account_sid, whoosh.auth_token, whoosh.api_key, whoosh.api_secret
    ]  # fmt: skip


def test_undelivered_webhooks_are_shown_with_how_to_allow_them(live, send, whoosh):
    send(status_callback="https://app.example/status")
    whoosh.settle()

    stopped = panel(live, "Webhooks that were not delivered")

    expect(stopped).to_contain_text("2 webhooks to app.example: not delivered")
    expect(stopped).to_contain_text("--allow-webhooks app.example")


def test_refused_calls_are_counted_and_listed_among_the_messages(live, send):
    send("Hello")
    expect(live.locator("#refused")).to_be_hidden()
    with pytest.raises(TwilioRestException, match="Invalid 'To' Phone Number"):
        send(to="nobody")
    send("Hello again")

    expect(entries(live)).to_have_count(3)
    refused = entries(live).nth(1)
    expect(refused).to_contain_text("400 21211 Invalid 'To' Phone Number")
    expect(refused).to_contain_text(f"posted To='nobody', From='{SENDER}', Body='Hi'")

    counter = live.get_by_role("button", name="1 call refused")
    counter.click()
    expect(entries(live)).to_have_count(1)
    counter.click()
    expect(entries(live)).to_have_count(3)


def test_the_list_of_all_leads_to_a_message_on_its_phone(live, send):
    send("Hello")
    send("Your code is 1234", to=OTHER)
    expect(entries(live).locator(".entry-text")).to_have_text(["Your code is 1234", "Hello"])

    entries(live).locator("button", has_text="Hello").click()

    expect(phone(live).locator(".pointed-at")).to_contain_text("Hello")
    live.get_by_role("button", name="Everybody").click()
    expect(entries(live)).to_have_count(2)


def test_rules_are_listed_and_removed(live, send, whoosh):
    whoosh.when(to=PERSON).undeliver(30003)
    whoosh.when(body=re.compile("code")).times(2).reject(21610)
    with pytest.raises(TwilioRestException):
        send("Your code is 1234")
    rules = panel(live, "Rules")

    expect(rules.locator("li code")).to_have_text(
        [
            'when {"match": {"body~": "code"}, "reject": {"code": 21610}}',
            f'when {{"match": {{"to": "{PERSON}"}}, "undeliver": {{"code": 30003}}}}',
        ]
    )
    expect(rules.locator(".rule-count")).to_have_text(["applied 1 time, 1 left", "never applied"])

    rules.get_by_role("button", name="Remove rule 2").click()

    expect(rules.locator("li")).to_have_count(1)
    assert [rule.outcome for rule in whoosh.rules] == ["undeliver(30003)"]
    rules.get_by_role("button", name="Remove rule 1").click()
    expect(rules).to_be_hidden()


def test_the_answer_to_an_api_call_is_scripted(live, client, whoosh):
    script = panel(live, "Script an API call")
    script.get_by_label("Method").select_option("GET")
    script.get_by_label("URL, or the end of its path").fill("/Messages/*.json")
    script.get_by_label("Times").fill("1")
    script.get_by_role("button", name="Script").click()
    expect(script.get_by_role("alert")).to_have_text("Scripted: an HTTP status.")

    with pytest.raises(TwilioRestException) as refused:
        client.messages("SM" + "0" * 32).fetch()

    assert refused.value.status == 503
    expect(panel(live, "Rules").locator(".rule-count")).to_have_text("applied 1 time, 0 left")


@pytest.mark.parametrize(
    ("answer", "field", "outcome"),
    [
        ("an API error", "Error code", "reject(20003)"),
        ("too many requests, 429", "Retry after, s", "rate_limit(1)"),
        ("nothing: a time-out", None, "timeout()"),
        ("nothing: the connection breaks", None, "disconnect()"),
    ],
)
def test_each_scripted_response_asks_for_its_parameters(live, whoosh, answer, field, outcome):
    script = panel(live, "Script an API call")
    script.get_by_label("URL, or the end of its path").fill("/Messages.json")
    script.get_by_label("Response").select_option(answer)

    expect(script.locator("[name=number]")).to_be_visible(visible=field is not None)
    if field:
        expect(script.get_by_label(field)).not_to_have_value("")
    script.get_by_role("button", name="Script").click()

    expect(script.get_by_role("alert")).to_have_text(f"Scripted: {answer}.")
    assert [rule.outcome for rule in whoosh.rules] == [outcome]


def test_on_a_phone_s_screen_the_controls_come_first_and_are_folded(live, send):
    live.set_viewport_size({"width": 420, "height": 860})
    live.reload()
    send("Hello")
    expect(entries(live)).to_have_count(1)

    top = {name: live.locator(name).bounding_box()["y"] for name in (".controls", "#people", "#inbox")}

    assert top[".controls"] < top["#people"] < top["#inbox"] < 860
    expect(live.get_by_role("button", name="Settle")).to_be_visible()
    expect(panel(live, "Script a failure").get_by_role("button", name="Script")).to_be_hidden()
    assert live.evaluate("document.documentElement.scrollWidth") == 420


def test_nothing_is_clipped_in_the_controls(live):
    clipped = """() => [...document.querySelectorAll(".controls select, .controls button, .controls input")]
        .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.name || each.textContent)"""

    assert live.evaluate(clipped) == []


def test_one_phone_can_be_picked_and_searched_for(live, send):
    send("Hello")
    send("Your code is 1234", to=OTHER)
    expect(entries(live)).to_have_count(2)

    live.get_by_role("button", name=f"{PERSON} App: Hello 1").click()
    expect(phone(live, OTHER)).to_have_count(0)
    expect(phone(live)).to_be_visible()

    live.get_by_role("button", name="Everybody").click()
    live.get_by_role("searchbox").fill("CODE")

    expect(entries(live).locator(".entry-who")).to_have_text(f"to {OTHER}")
    expect(live.locator("#people [data-person]")).to_have_count(2)
    live.get_by_role("searchbox").fill("nothing like it")
    expect(live.locator("#inbox .empty")).to_have_text("Nothing matches.")


def test_updates_keep_typed_texts_and_open_sections(live, send, whoosh):
    send("Hello")
    answer = pick(live).get_by_label(f"Answer as {PERSON}")
    answer.fill("Half an ans")
    phone(live).locator(".meta").click()
    answer.focus()

    send("One more", to=OTHER)
    send("And one more")
    expect(phone(live).locator(".bubble")).to_have_count(2)
    whoosh.settle()
    expect(phone(live).locator(".meta .status.delivered")).to_have_count(2)

    expect(answer).to_have_value("Half an ans")
    expect(answer).to_be_focused()
    expect(phone(live).locator(".timeline").first).to_be_visible()


def test_earlier_messages_are_shown_when_asked_for(live, send):
    for number in range(510):
        send(f"Message {number}")
    expect(live.locator("#found")).to_have_text("The newest 500 of 510 messages")
    expect(entries(live)).to_have_count(100)
    expect(entries(live).first).to_contain_text("Message 509")
    live.get_by_role("button", name="Show more: 400 left").click()
    expect(entries(live)).to_have_count(200)
    expect(pick(live).locator(".bubble").last).to_have_text("Message 509")
    expect(phone(live).locator(".bubble")).to_have_count(50)

    phone(live).get_by_role("button", name="Show earlier: 450 messages").click()
    expect(phone(live).locator(".bubble")).to_have_count(100)
    live.get_by_role("button", name="Show 10 earlier").click()

    expect(live.locator("#found")).to_have_text("510 messages")
    expect(phone(live).get_by_role("button", name="Show earlier: 410 messages")).to_be_visible()


def test_markup_in_a_message_is_text(live, send):
    body = "<script>window.ran = 1</script><img src=x onerror=alert(1)>"

    send(body)

    expect(entries(live).locator(".entry-text")).to_have_text(body)
    expect(pick(live).locator(".body")).to_have_text(body)
    assert live.locator("main script, main img").count() == 0
    assert live.evaluate("window.ran") is None


def test_a_server_that_stops_is_missed(live, whoosh_server):
    whoosh_server.stop()

    expect(live.locator("#trouble")).not_to_be_empty()


def test_a_browser_without_event_streams_asks_again_and_again(page, whoosh_server, send):
    page.add_init_script("delete window.EventSource")
    page.goto(whoosh_server.url)
    expect(panel(page, "No message yet")).to_be_visible()

    send("Hello")

    expect(entries(page).locator(".entry-text")).to_have_text("Hello")
