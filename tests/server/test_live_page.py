"""The live page, as somebody with a browser uses it."""

import threading
from typing import Any

import pytest

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
    """The page, which asks for nothing but what its own server has."""
    url = whoosh_server.url
    page.goto(url)
    expect(page.locator("#clock")).not_to_be_empty()
    yield page
    assert [request for request in watch.requests if not request.startswith(url)] == []


def phone(live: Any, person: str = PERSON) -> Any:
    return live.get_by_role("region", name=f"Phone {person}", exact=True)


def panel(live: Any, title: str) -> Any:
    return live.get_by_role("region", name=title, exact=True)


def clock(live: Any) -> str:
    return live.locator("#clock").get_attribute("datetime")


def moment(whoosh: Whoosh) -> str:
    return whoosh.now.isoformat().replace("+00:00", "Z")


def test_an_empty_inbox_says_how_to_fill_it(live):
    expect(live.locator("#inbox")).to_have_text("No message yet. Send one with the credentials on this page.")


def test_messages_appear_by_themselves(live, send):
    send("Your code is 1234")
    expect(phone(live).locator(".bubble")).to_have_text(["Your code is 1234"])
    expect(live.locator("#flight")).to_have_text("1 message on the way")

    send("Your code is 5678")

    expect(phone(live).locator(".bubble")).to_have_text(["Your code is 1234", "Your code is 5678"])
    expect(live.locator("#found")).to_have_text("2 messages")


def test_time_moves_until_messages_have_arrived(live, send, whoosh):
    send()

    live.get_by_role("button", name="Settle").click()

    expect(phone(live).locator(".status")).to_have_text("delivered")
    expect(live.locator("#flight")).to_have_text("0 messages on the way")
    assert clock(live) == moment(whoosh)


@pytest.mark.parametrize(("button", "seconds"), [("+1 min", 60), ("+1 h", 3600), ("+1 day", 86400)])
def test_time_moves_by_steps(live, whoosh, button, seconds):
    before = whoosh.now

    live.get_by_role("button", name=button).click()

    expect(live.locator("#clock")).not_to_have_attribute("datetime", before.isoformat().replace("+00:00", "Z"))
    assert (whoosh.now - before).total_seconds() == seconds
    assert clock(live) == moment(whoosh)


def test_while_time_moves_the_page_says_how_far_it_is(live, send, whoosh):
    going_on = threading.Event()

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        assert going_on.wait(30)
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", slow)
    send()
    send(status_callback="https://app.example/status")

    live.get_by_role("button", name="Settle").click()

    expect(live.locator("#flight")).to_have_text("Time is moving; 2 messages on the way")
    expect(live.get_by_role("progressbar")).to_be_visible()
    expect(live.get_by_role("button", name="+1 day")).to_be_disabled()
    going_on.set()
    expect(live.locator("#flight")).to_have_text("0 messages on the way")
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

    phone(live).get_by_label(f"Answer as {PERSON}").fill("Yes 👍")
    live.keyboard.press("Enter")

    expect(phone(live).locator(".from-person .bubble")).to_have_text("Yes 👍")
    expect(phone(live).locator(".from-app")).to_have_count(2)
    expect(phone(live).get_by_label(f"Answer as {PERSON}")).to_be_empty()
    assert [message.body for message in whoosh.messages] == ["Tomorrow at nine?", "Yes 👍", "See you!"]


def test_an_answer_goes_to_who_wrote_last_or_to_another(live, send, whoosh):
    send("From one")
    send("From the other", from_="+15557122662")
    addressee = phone(live).get_by_label("To", exact=True)
    expect(addressee).to_have_value("+15557122662")

    addressee.select_option(SENDER)
    phone(live).get_by_label(f"Answer as {PERSON}").fill("Hello, one")
    live.keyboard.press("Enter")

    expect(phone(live).locator(".from-person .bubble")).to_have_text("Hello, one")
    assert [message.to for message in whoosh.inbox] == [SENDER]


def test_a_person_who_was_not_written_to_writes_first(live, whoosh):
    form = panel(live, "Write as a person")
    form.get_by_label("From").fill(OTHER)
    form.get_by_label("To").fill(SENDER)
    form.get_by_label("Text").fill("Hello?")
    form.get_by_role("button", name="Send").click()

    expect(phone(live, OTHER).locator(".bubble")).to_have_text("Hello?")
    assert [message.from_ for message in whoosh.inbox] == [OTHER]


def test_what_will_not_do_as_a_number_is_refused_in_the_words_of_the_control_api(live):
    form = panel(live, "Write as a person")
    form.get_by_label("From").fill("me")
    form.get_by_label("To").fill(SENDER)
    form.get_by_role("button", name="Send").click()

    expect(form.get_by_role("alert")).to_contain_text("A person is a phone number such as")


def test_a_failure_is_scripted(live, send, whoosh):
    script = panel(live, "Script a failure")
    script.get_by_label("To, or anybody").fill(PERSON)
    script.get_by_label("Text that matches the pattern").fill("code")
    script.get_by_label("Times").fill("1")
    script.get_by_role("button", name="Script").click()
    expect(script.get_by_role("alert")).to_have_text(f"Scripted: undelivered, 30003, to {PERSON}.")

    first, second, third = send("Hello"), send("Your code is 1234"), send("Your code is 5678")
    live.get_by_role("button", name="Settle").click()

    expect(phone(live).locator(".message-error")).to_have_text("30003 Unreachable destination handset")
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
    expect(phone(live)).to_be_visible()

    live.get_by_role("button", name="Reset").click()
    live.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(live.get_by_role("dialog")).to_be_hidden()
    assert len(whoosh.messages) == 1

    live.get_by_role("button", name="Reset").click()
    live.get_by_role("dialog").get_by_role("button", name="Reset").click()

    expect(phone(live)).to_have_count(0)
    expect(live.locator("#inbox .empty")).to_be_visible()
    assert len(whoosh.messages) == 0


def test_what_an_app_needs_stands_there_to_copy(live, whoosh_server, whoosh):
    live.context.grant_permissions(["clipboard-read", "clipboard-write"])
    codes = live.locator("#credentials code")

    live.get_by_role("button", name="Copy Auth token").click()

    expect(live.get_by_role("button", name="Copy Auth token")).to_have_text("Copied")
    assert live.evaluate("navigator.clipboard.readText()") == whoosh.auth_token
    assert codes.all_inner_texts() == [
        whoosh_server.url, whoosh.account_sid, whoosh.auth_token, whoosh.api_key, whoosh.api_secret
    ]  # fmt: skip


def test_webhooks_that_go_nowhere_say_how_to_allow_them(live, send, whoosh):
    send(status_callback="https://app.example/status")
    whoosh.settle()

    stopped = panel(live, "Webhooks that were not delivered")

    expect(stopped).to_contain_text("2 webhooks to app.example: not delivered")
    expect(stopped).to_contain_text("--allow-webhooks app.example")


def test_refused_calls_are_shown(live, send):
    with pytest.raises(Exception, match="Invalid 'To' Phone Number"):
        send(to="nobody")

    expect(panel(live, "Refused API calls")).to_contain_text("400 21211 Invalid 'To' Phone Number")


def test_one_phone_can_be_picked_and_searched_for(live, send):
    send("Hello")
    send("Your code is 1234", to=OTHER)
    expect(phone(live, OTHER)).to_be_visible()

    live.get_by_role("button", name=f"{PERSON} App: Hello 1").click()
    expect(phone(live, OTHER)).to_have_count(0)
    expect(phone(live)).to_be_visible()

    live.get_by_role("button", name="Everybody").click()
    live.get_by_role("searchbox").fill("CODE")

    expect(phone(live, OTHER)).to_be_visible()
    expect(phone(live)).to_have_count(0)


def test_news_leave_alone_what_is_typed_and_what_is_unfolded(live, send, whoosh):
    send("Hello")
    answer = phone(live).get_by_label(f"Answer as {PERSON}")
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
    expect(phone(live).locator(".bubble").last).to_have_text("Message 509")
    expect(phone(live).locator(".bubble")).to_have_count(50)

    phone(live).get_by_role("button", name="Show earlier: 450 messages").click()
    expect(phone(live).locator(".bubble")).to_have_count(100)
    live.get_by_role("button", name="Show 10 earlier").click()

    expect(live.locator("#found")).to_have_text("510 messages")
    expect(phone(live).get_by_role("button", name="Show earlier: 410 messages")).to_be_visible()


def test_markup_in_a_message_is_text(live, send):
    body = "<script>window.ran = 1</script><img src=x onerror=alert(1)>"

    send(body)

    expect(phone(live).locator(".body")).to_have_text(body)
    assert live.locator("main script, main img").count() == 0
    assert live.evaluate("window.ran") is None


def test_a_server_that_stops_is_missed(live, whoosh_server):
    whoosh_server.stop()

    expect(live.locator("#trouble")).not_to_be_empty()


def test_a_browser_without_event_streams_asks_again_and_again(page, whoosh_server, send):
    page.add_init_script("delete window.EventSource")
    page.goto(whoosh_server.url)
    expect(page.locator("#inbox .empty")).to_be_visible()

    send("Hello")

    expect(phone(page).locator(".bubble")).to_have_text("Hello")
