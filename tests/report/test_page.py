"""The report of a run in a browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from freezegun import freeze_time
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from pytest_whoosh.report.pages import render_report
from pytest_whoosh.report.run import FailureLine, Run, as_json
from tests.browser import Watch
from tests.conftest import PERSON, SENDER

expect = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright").expect

OTHER = "+15550001111"

#: A script that would run if a page treated texts as markup.
HOSTILE = (
    "<script>window.ran = 1; alert(1)</script>",
    '<img src="https://evil.example/x.png" onerror="alert(2)">',
    "</script><script>alert(3)</script>",
    "{{ 7 * 7 }} {% raw %} ${7 * 7} <%= 7 * 7 %>",
    '"><svg onload=alert(4)>',
    "&lt;b&gt; &amp; <!-- ",
)


class Double:
    """A double, with the SDK of an app that it answers."""

    def __init__(self, whoosh: Whoosh) -> None:
        self.whoosh = whoosh
        self.client = Client(whoosh.account_sid, whoosh.auth_token)

    def send(self, body: str = "Hi", to: str = PERSON, **more: Any) -> Any:
        return self.client.messages.create(to=to, from_=SENDER, body=body, **more)

    def refused(self, **parameters: Any) -> None:
        with pytest.raises(TwilioRestException):
            self.client.messages.create(**parameters)


Story = Callable[[Double], None]


@contextmanager
def at_noon() -> Iterator[Double]:
    with freeze_time("2026-03-05 12:00:00"), Whoosh() as whoosh:
        yield Double(whoosh)


def told(story: Story) -> str:
    """Return the data of a double after a story, as JSON."""
    with at_noon() as double:
        story(double)
        return as_json(double.whoosh.snapshot())


def add(run: Run, name: str, outcome: str, *doubles: str, failure: str = "", place: FailureLine | None = None) -> None:
    """Add a test to a run, after those that it has."""
    run.start(name, name, len(run._tests))
    run.add(name, name, outcome, failure, place)
    run.finish(name, doubles)


def nothing(double: Double) -> None:
    """Send nothing."""


def confirmed(environ: Any, start_response: Any) -> list[bytes]:
    """Confirm the messages that people write to the app."""
    if environ["PATH_INFO"] == "/status":
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"<b>database is gone</b>"]
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [b"<Response><Message>See you!</Message></Response>"]


def reminder(double: Double) -> None:
    """Send a reminder that is answered and one that does not arrive, and make two calls that are refused."""
    double.whoosh.mount("https://app.example", confirmed)
    double.whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    double.send("Tomorrow at nine?", status_callback="https://app.example/status")
    double.whoosh.settle()
    double.whoosh.travel(days=1)
    double.whoosh.receive("Yes", from_=PERSON, to=SENDER)
    double.whoosh.when(to=OTHER).undeliver(30003)
    double.send("Are you there?", to=OTHER)
    double.whoosh.settle()
    double.refused(to="nobody", from_=SENDER, body="Hi")


def codes(double: Double) -> None:
    """Send a one-time code."""
    double.send("Your code is 493021")


def hostile(double: Double) -> None:
    """Send texts that contain markup."""
    for body in HOSTILE:
        double.send(body)
    double.send("<i>Hi</i>", media_url=["https://evil.example/x.png"])
    double.whoosh.mount("https://app.example", confirmed)
    double.send("<b>Hi</b>", status_callback="https://app.example/status?onload='alert(5)'")
    double.whoosh.settle()


LONG = "It’s time: " + "x" * 60 + "👨‍👩‍👧‍👦" + "y" * 70


def long_texts(double: Double) -> None:
    """Send a text in three segments. They are cut beside an emoji of several code points."""
    double.send(LONG)
    double.send("Plain")


def any_direction(double: Double) -> None:
    """Send texts from right to left."""
    double.send("שלום! הקוד שלך הוא 493021 (תקף ל-10 דקות) Whoosh")
    double.send("Hello")


def spread(double: Double) -> None:
    """Send messages of different kinds."""
    service = double.whoosh.add_messaging_service("Reminders", senders=[SENDER])
    double.send(
        "A map",
        media_url=["https://cdn.example/way/map.png?size=2", "https://cdn.example/terms.pdf"],
        status_callback="https://nobody.example/status",
    )
    double.client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Later",
        schedule_type="fixed",
        send_at=double.whoosh.now + timedelta(days=2),
    )
    double.whoosh.settle()
    double.send("Not sent yet")


def talkative(double: Double) -> None:
    """Send more messages to one person than are shown at once."""
    for number in range(120):
        double.send(f"Message {number}")
    double.whoosh.settle()


FAILURE = "    def test_reminder(whoosh):\n>       assert 0\nE       assert 0\n\ntest_it.py:3: AssertionError"

PLACE = {"line": "tests/test_reminders.py:3", "source": "assert 0 == len(\n    answers\n)", "error": "assert 0 == 1"}


@pytest.fixture(scope="module")
def whole_run() -> Run:
    """Return a run with every kind of test."""
    run = Run("shop")
    code = told(codes)
    add(run, "tests/test_codes.py::test_code", "passed", code)
    add(run, "tests/test_codes.py::TestMore::test_code_again[a-b]", "xfailed", code, code)
    add(run, "tests/test_reminders.py::test_reminder", "failed", told(reminder), failure=FAILURE, place=PLACE)
    add(run, "tests/test_reminders.py::test_hostile", "passed", told(hostile))
    add(run, "tests/test_reminders.py::test_long", "passed", told(long_texts))
    add(run, "tests/test_reminders.py::test_direction", "passed", told(any_direction))
    add(run, "tests/test_reminders.py::test_spread", "error", told(spread), failure="E   the fixture broke")
    add(run, "tests/test_reminders.py::test_talkative", "passed", told(talkative))
    add(run, "tests/test_reminders.py::test_nothing", "skipped", told(nothing))
    add(run, "tests/test_other.py::test_without", "passed")
    return run


@pytest.fixture
def show(page, watch: Watch, tmp_path):
    """Opens the report of a run from disk, without a network. The page may request only that file."""
    path = tmp_path / "report.html"

    def show(run: Run, fragment: str = "") -> Any:
        path.write_text(render_report(run), encoding="utf-8")
        page.context.set_offline(True)
        page.goto(path.as_uri() + fragment)
        expect(page.locator("#test .test, #test .empty")).not_to_have_text("Reading the run.")
        return page

    yield show
    assert {url.partition("#")[0] for url in watch.requests} == {path.as_uri()}


@pytest.fixture
def report(show, whole_run):
    """The report of the whole run."""
    return show(whole_run)


def names(report: Any) -> list[str]:
    """Return the names of the tests in the list."""
    return report.locator("#list .row b").all_inner_texts()


def choose(report: Any, name: str) -> Any:
    """Choose a test, and return its element."""
    report.get_by_role("option", name=re.compile(f": {re.escape(name)},")).click()
    expect(report.locator("#test h2")).to_contain_text(name)
    return report.locator("#test")


def phone(report: Any, person: str) -> Any:
    return report.get_by_role("region", name=f"Phone {person}")


def texts(phone: Any) -> list[str]:
    """Return the texts in the bubbles of a phone."""
    return phone.locator(".bubble").all_inner_texts()


def words(locator: Any) -> list[str]:
    """Return the text of each element, with single spaces."""
    return [" ".join(text.split()) for text in locator.all_inner_texts()]


# The list of tests


def test_failures_come_first_and_the_first_of_them_is_shown(report):
    expect(report.locator("#test h2")).to_have_text("failed test_reminder")
    expect(report).to_have_title("test_reminder · shop")
    assert names(report) == [
        "test_reminder",
        "test_spread",
        "test_code",
        "TestMore › test_code_again[a-b]",
        "test_hostile",
        "test_long",
        "test_direction",
        "test_talkative",
        "test_nothing",
    ]
    expect(report.locator("#totals")).to_have_text("9 tests, 142 messages; 1 other test used no double")


def test_tests_are_grouped_by_file_and_show_their_problems(report):
    assert words(report.locator("#rows > *")) == [
        "tests/test_reminders.py 2",
        "test_reminder 1 call refused 1 message not delivered 2 webhooks failed assert 0 == 1 4",
        "test_spread 2 webhooks not delivered 3",
        "tests/test_codes.py 2",
        "test_code 1",
        "TestMore › test_code_again[a-b] 2",
        "tests/test_reminders.py 5",
        "test_hostile 2 webhooks failed 8",
        "test_long 2",
        "test_direction 2",
        "test_talkative 120",
        "test_nothing",
    ]


def test_the_list_is_announced_as_one(report):
    option = report.get_by_role("option", selected=True)

    expect(option).to_have_accessible_name("failed: test_reminder, tests/test_reminders.py, 4 messages")
    assert (option.get_attribute("aria-posinset"), option.get_attribute("aria-setsize")) == ("1", "9")
    assert report.get_by_role("listbox").get_attribute("aria-activedescendant") == option.get_attribute("id")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("code_again", ["TestMore › test_code_again[a-b]"]),
        ("test_other", []),
        ("+15550001111", ["test_reminder"]),
        ("+1 (555) 000-1111", ["test_reminder"]),
        ("TOMORROW nine", ["test_reminder"]),
        ("30003", ["test_reminder"]),
        ("unreachable", ["test_reminder"]),
        ("21211", ["test_reminder"]),
        ("הקוד", ["test_direction"]),
        ("<script>", ["test_hostile"]),
    ],
)
def test_search_finds_names_numbers_texts_and_error_codes(report, query, found):
    report.get_by_role("searchbox").fill(query)

    assert names(report) == found
    expect(report.locator("#found")).to_have_text(f"{len(found)} of 9 tests")


def test_a_search_without_result_says_so(report):
    report.get_by_role("searchbox").fill("nowhere")

    expect(report.locator("#rows")).to_have_text("No tests.")


def test_outcomes_can_be_picked(report):
    report.get_by_role("button", name="failed 1", exact=True).click()
    report.get_by_role("button", name="skipped 1").click()
    picked = names(report)
    report.get_by_role("button", name="failed 1", exact=True).click()
    fewer = names(report)
    report.get_by_role("button", name="all 9").click()

    assert (picked, fewer) == (["test_reminder", "test_nothing"], ["test_nothing"])
    assert words(report.locator(".chip")) == ["all 9", "failed 1", "error 1", "xfailed 1", "passed 5", "skipped 1"]
    assert len(names(report)) == 9


# One test


def test_phones_show_messages_with_their_times_and_prices(report):
    one, other = phone(report, PERSON), phone(report, OTHER)

    assert texts(one) == ["Tomorrow at nine?", "Yes", "See you!"]
    assert one.locator(".from-person .bubble").all_inner_texts() == ["Yes"]
    assert words(one.locator(".day")) == ["Thursday, 5 March 2026", "Friday, 6 March 2026"]
    assert words(one.locator(".meta")) == [
        "12:00:04 delivered $0.0079 2 webhooks failed",
        "12:00:04 received $0.0075",
        "12:00:08 delivered $0.0079",
    ]
    assert texts(other) == ["Are you there?"]
    assert words(other.locator(".meta, .message-error")) == [
        "12:00:08 undelivered $0.0079",
        "30003 Unreachable destination handset",
    ]


def test_a_message_unfolds_to_its_timeline_and_its_webhooks(report):
    message = phone(report, PERSON).locator(".message").first

    message.locator(".meta").click()

    assert words(message.locator(".timeline > li")) == [
        "12:00:00 queued",
        "12:00:01 +1 s sending",
        "12:00:02 +2 s sent",
        "webhook sent POST https://app.example/status 11200 HTTP retrieval failure: the app answered 503",
        "12:00:04 +4 s delivered",
        "webhook delivered POST https://app.example/status 11200 HTTP retrieval failure: the app answered 503",
    ]

    message.locator(".webhook > summary").first.click()

    exchange = message.locator(".exchange").first
    expect(exchange.locator(".answer")).to_have_text("<b>database is gone</b>")
    expect(exchange).to_contain_text("Answered 503")
    posted = dict(zip(words(exchange.locator("dt")), words(exchange.locator("dd")), strict=True))
    assert (posted["MessageStatus"], posted["To"], posted["From"]) == ("sent", PERSON, SENDER)


def test_a_refused_call_is_explained_and_linked(report):
    refusals = report.get_by_role("region", name="Refused API calls")

    expect(refusals).to_contain_text("1 API call refused")
    expect(refusals).to_contain_text("400 21211 Invalid 'To' Phone Number")
    link = refusals.get_by_role("link", name="About error 21211")
    assert link.get_attribute("href") == "https://www.twilio.com/docs/errors/21211"


def test_a_refused_call_shows_its_parameters(report):
    posted = report.get_by_role("region", name="Refused API calls").locator(".call-posted")

    expect(posted).to_have_text(f"posted To='nobody', From='{SENDER}', Body='Hi'")


def test_a_call_without_an_answer_is_not_called_refused(show):
    def broken(double: Double) -> None:
        double.send()
        double.whoosh.when().timeout()
        with pytest.raises(requests.ReadTimeout):
            double.send()

    run = Run("shop")
    add(run, "tests/test_it.py::test_it", "passed", told(broken))
    report = show(run)

    expect(report.locator(".refusals h3")).to_have_text("1 API call not answered")
    assert words(report.locator(".row-troubles")) == ["1 call broken"]
    expect(report.locator(".test > header")).to_contain_text("1 message · 1 broken call")


def test_a_message_shows_its_parameters_and_the_targets_of_its_links(show):
    def shortened(double: Double) -> None:
        service = double.whoosh.add_messaging_service("Shop", senders=[SENDER], link_shortening_domain="go.example")
        double.client.messages.create(
            to=PERSON,
            messaging_service_sid=service.sid,
            body="See https://shop.example/1",
            shorten_urls=True,
        )
        double.whoosh.settle()

    run = Run("shop")
    add(run, "tests/test_it.py::test_it", "passed", told(shortened))
    message = phone(show(run), PERSON).locator(".message")
    aside = message.locator(".asides").inner_text()
    message.locator(".meta").click()
    message.get_by_text("Posted by the app").click()

    link = message.locator(".body").inner_text().removeprefix("See ")
    facts = dict(zip(words(message.locator(".facts dt")), words(message.locator(".facts dd")), strict=True))
    assert facts[link] == "leads to https://shop.example/1"
    assert aside == f"{link} leads to https://shop.example/1"
    posted = dict(zip(words(message.locator(".posted dt")), words(message.locator(".posted dd")), strict=True))
    assert (posted["Body"], posted["ShortenUrls"]) == ("See https://shop.example/1", "true")


def test_a_message_that_no_webhook_reported_says_why(show):
    run = Run("shop")
    silent = told(lambda double: double.whoosh.receive("Hello?", from_=PERSON, to=SENDER))
    add(run, "tests/test_it.py::test_it", "passed", silent)

    message = phone(show(run), PERSON).locator(".message")

    assert message.locator(".asides").inner_text() == (
        f"no webhook: the account has no sender {SENDER}; add it with its webhook: "
        f"whoosh.add_number(number='{SENDER}', sms_url=...)"
    )


def test_a_single_phone_has_its_timeline_beside_it(report):
    test = choose(report, "test_talkative")
    timeline = test.get_by_role("region", name="Timeline")

    assert words(timeline.locator("h4"))[:2] == ["12:00:04 Message 0", "12:00:04 Message 1"]
    assert words(timeline.locator(".journey").first.locator("li")) == [
        "12:00:00 queued",
        "12:00:01 +1 s sending",
        "12:00:02 +2 s sent",
        "12:00:04 +4 s delivered",
    ]
    expect(timeline.locator(".more")).to_have_text("Show more: 100 messages left")
    beside, of_phone = timeline.bounding_box(), phone(test, PERSON).bounding_box()
    assert beside["x"] > of_phone["x"] + of_phone["width"]


def test_rules_say_how_often_they_applied(report):
    rules = report.get_by_role("region", name="Rules")

    assert words(rules.locator("h3, li")) == ["1 rule", f"whoosh.when(to='{OTHER}').undeliver(30003) applied 1 time"]


def test_a_failure_starts_with_its_line(report):
    place = report.locator(".place")

    assert words(place.locator("p")) == ["assert 0 == 1", "tests/test_reminders.py:3 Copy"]
    expect(place.locator("pre")).to_have_text(PLACE["source"])


def test_the_failure_of_the_test_is_above_its_phones(report):
    expect(report.get_by_label("Traceback")).to_have_text(FAILURE)
    assert report.locator(".failure-error").all_inner_texts() == ["E       assert 0"]


def test_media_scheduled_and_unsent_messages_are_shown(report):
    test = choose(report, "test_spread")

    assert words(test.locator(".tile")) == ["map.png image/png", "terms.pdf application/pdf"]
    assert texts(test)[1:] == ["Not sent yet", "Later"]
    assert words(test.locator(".pending .meta")) == ["12:00:04 queued", "12:00:00 scheduled"]
    assert words(test.locator(".day")) == ["Thursday, 5 March 2026", "Saturday, 7 March 2026"]


def test_every_double_of_a_test_is_shown(report):
    test = choose(report, "TestMore › test_code_again[a-b]")

    assert texts(test) == ["Your code is 493021"] * 2
    assert words(test.locator(".double-title b")) == ["Double 1 of 2", "Double 2 of 2"]


def test_a_test_without_messages_says_so(report):
    test = choose(report, "test_nothing")

    expect(test.locator(".empty")).to_have_text("No message was sent or received.")


def test_a_run_without_tests_says_so(show):
    report = show(Run("shop"))

    expect(report.locator("#test")).to_have_text("No test of this run used a double.")


def test_a_long_conversation_is_shown_in_parts(report):
    test = choose(report, "test_talkative")
    assert len(texts(test)) == 100

    test.get_by_role("button", name="Show more: 20 messages left").click()

    assert texts(test) == [f"Message {number}" for number in range(120)]


# Segments, encodings, directions


def test_segments_are_shown_when_asked_for(report):
    test = choose(report, "test_long")
    bubble = test.locator(".body").first
    assert bubble.inner_text() == LONG

    report.get_by_role("button", name="Segments").click()

    with at_noon() as double:
        segments = double.whoosh.messages.filter(sid=double.send(LONG).sid)[0].segments
    assert bubble.locator(".segment").all_text_contents() == segments
    assert len(segments) == 3
    labels = bubble.locator(".segment").evaluate_all(
        "all => all.map((each) => getComputedStyle(each, '::before').content)"
    )
    assert labels == ['"Segment 1 of 3"', '"Segment 2 of 3"', '"Segment 3 of 3"']
    assert test.locator(".body").nth(1).locator("[data-label]").count() == 0


def test_characters_that_force_ucs_2_are_marked_and_named(report):
    test = choose(report, "test_long")
    report.keyboard.press("s")

    assert test.locator(".body mark").all_inner_texts() == ["’", "👨‍👩‍👧‍👦"]
    lines = words(test.locator(".only-segments li"))
    assert lines[0] == "’ U+2019 RIGHT SINGLE QUOTATION MARK use '"
    assert lines[1].startswith("👨‍👩‍👧‍👦 U+1F468 MAN + U+200D ZERO WIDTH JOINER + ")


def test_text_from_right_to_left_runs_so_and_turns_nothing_else(report):
    test = choose(report, "test_direction")
    direction = "all => all.map((each) => getComputedStyle(each).direction)"

    assert test.locator(".body").evaluate_all(direction) == ["rtl", "ltr"]
    assert set(test.locator(".meta").evaluate_all(direction)) == {"ltr"}


# Safety


def test_markup_in_a_message_is_text(report, watch):
    test = choose(report, "test_hostile")
    closed = test.locator("details:not([open]) > summary:visible")
    while closed.count():
        closed.first.click()

    bodies = test.locator(".body").all_text_contents()

    assert bodies == [*HOSTILE, "<i>Hi</i>", "<b>Hi</b>"]
    assert test.locator("script, img, i, b, svg[onload], iframe, object").count() == 0
    assert test.locator("a[href^='javascript']").count() == 0
    assert report.evaluate("window.ran") is None
    assert watch.complaints == []


def test_a_script_that_got_in_would_not_run(report, watch):
    """The page's policy is the second protection: it allows only the page's own scripts."""
    report.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.append(script);
        }"""
    )

    assert report.evaluate("window.ran") is None
    assert all("Content Security Policy" in complaint for complaint in watch.complaints)
    watch.complaints.clear()


def test_without_javascript_it_says_so(browser, whole_run, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render_report(whole_run), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(path.as_uri())

    text = page.locator(".noscript")
    expect(text).to_be_visible()
    assert "needs JavaScript, which is switched off" in text.inner_text()
    expect(page.locator(".bar")).to_be_hidden()
    context.close()


# Navigation


def test_keys_go_through_the_tests(report):
    heading = report.locator("#test h2")

    for key, shown in [
        ("j", "test_spread"),
        ("ArrowDown", "test_code"),
        ("k", "test_spread"),
        ("ArrowUp", "test_reminder"),
    ]:
        report.keyboard.press(key)
        expect(heading).to_contain_text(shown)

    report.keyboard.press("k")
    expect(heading).to_contain_text("test_reminder")


def test_keys_search_and_end_the_search(report):
    report.keyboard.press("/")
    report.keyboard.type("just")
    expect(report.get_by_role("searchbox")).to_have_value("just")

    report.get_by_role("searchbox").fill("493021")
    report.keyboard.press("ArrowDown")
    expect(report.locator("#test h2")).not_to_contain_text("test_reminder")
    report.keyboard.press("Escape")

    expect(report.get_by_role("searchbox")).to_have_value("")
    expect(report.get_by_role("searchbox")).not_to_be_focused()
    assert len(names(report)) == 9


def test_a_key_shows_the_keys(report):
    report.keyboard.press("?")
    expect(report.get_by_role("dialog", name="Keyboard")).to_be_visible()

    report.keyboard.press("Escape")

    expect(report.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_the_focus_is_visible(report):
    report.keyboard.press("Tab")

    outline = report.evaluate("getComputedStyle(document.activeElement).outlineStyle")

    assert outline == "solid"


def test_a_link_leads_to_a_test(show, whole_run):
    report = show(whole_run, "#test=tests%2Ftest_codes.py%3A%3ATestMore%3A%3Atest_code_again%5Ba-b%5D")

    expect(report.locator("#test h2")).to_have_text("xfailed TestMore › test_code_again[a-b]")


def test_the_address_follows_the_test_and_leads_to_its_messages(report):
    test = choose(report, "test_long")
    assert report.url.endswith("#test=tests%2Ftest_reminders.py%3A%3Atest_long")

    test.locator(".meta").last.click()
    test.locator(".facts a").last.click()

    expect(test.locator(".pointed-at")).to_contain_text("Plain")


def test_a_link_to_a_test_that_is_gone_leads_to_the_first(show, whole_run):
    report = show(whole_run, "#test=gone")

    expect(report.locator("#test h2")).to_have_text("failed test_reminder")


# Appearance

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


def test_colours_follow_the_system_by_default(report):
    report.emulate_media(color_scheme="light")
    light = report.evaluate(BACKGROUND)
    report.emulate_media(color_scheme="dark")
    dark = report.evaluate(BACKGROUND)

    report.get_by_text("Light", exact=True).click()
    chosen = report.evaluate(BACKGROUND)
    report.reload()
    expect(report.locator("#test h2")).to_be_visible()

    assert (light, dark) == ("rgb(245, 244, 241)", "rgb(19, 21, 24)")
    assert (chosen, report.evaluate(BACKGROUND)) == (light, light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(report, scheme):
    """Every text has the contrast that the accessibility guidelines ask for, 4.5 to 1."""
    report.emulate_media(color_scheme=scheme)
    report.keyboard.press("s")
    for meta in report.locator(".meta").all():
        meta.click()

    assert report.evaluate(FAINT) == []


#: The texts with too little contrast to their background.
FAINT = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const layers = (colours) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([red, green, blue]) => {
        const [r, g, b] = [red, green, blue].map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest("script, noscript, svg, dialog, option")) continue;
        const behind = [];
        for (let up = element; up; up = up.parentElement) behind.unshift(getComputedStyle(up).backgroundColor);
        const back = light(layers(behind));
        const front = light(layers([...behind, getComputedStyle(element).color]));
        const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
        if (contrast < 4.5) faint.push(`${element.className || element.tagName} ${contrast.toFixed(2)}`);
    }
    return [...new Set(faint)];
}"""


def test_on_a_narrow_screen_there_is_the_list_or_the_test(report):
    report.set_viewport_size({"width": 390, "height": 800})
    expect(report.get_by_role("listbox")).to_be_visible()
    expect(report.locator("#test")).to_be_hidden()

    report.get_by_role("option", name=re.compile("test_long")).click()
    expect(report.get_by_role("listbox")).to_be_hidden()
    expect(report.locator("#test h2")).to_be_visible()
    assert report.evaluate("document.documentElement.scrollWidth") == 390

    report.get_by_role("button", name="All tests").click()
    expect(report.get_by_role("listbox")).to_be_visible()


# Printing


def test_the_chosen_test_prints_whole(report):
    test = choose(report, "test_talkative")

    report.emulate_media(media="print")
    report.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    expect(report.get_by_role("navigation")).to_be_hidden()
    assert len(texts(test)) == 120
    assert test.locator("details:not([open])").count() == 0
    assert report.locator("#test").evaluate("each => each.scrollHeight === each.clientHeight")

    report.evaluate("window.dispatchEvent(new Event('afterprint'))")
    report.emulate_media(media="screen")

    assert test.locator("details[open]").count() == 0


def test_all_failures_print_at_once(report):
    report.evaluate("window.print = () => { window.printed = true }")

    report.get_by_text("Print", exact=True).click()
    report.get_by_role("button", name="All failures").click()
    report.emulate_media(media="print")

    assert report.evaluate("window.printed")
    assert words(report.locator("#failures h2")) == ["failed test_reminder", "error test_spread"]
    expect(report.locator("#failures")).to_be_visible()
    expect(report.locator("#test")).to_be_hidden()


# Large runs


def test_a_large_run_stays_small_in_the_browser(show):
    def ten(double: Double) -> None:
        for number in range(10):
            double.send(f"Message {number} of test TEST: see “you”", to=f"+1555100{number:04}")
        double.whoosh.settle()

    double = told(ten)
    run = Run("large")
    for number in range(2000):
        add(run, f"tests/test_large.py::test_number[{number:04}]", "passed", double.replace("TEST", f"{number:04}"))

    report = show(run)
    expect(report.locator("#totals")).to_have_text("2,000 tests, 20,000 messages")
    report.get_by_role("searchbox").fill("message 7 of test 1234")
    assert names(report) == ["test_number[1234]"]
    report.keyboard.press("ArrowDown")
    expect(phone(report, "+15551000007").locator(".body")).to_have_text("Message 7 of test 1234: see “you”")
    report.keyboard.press("Escape")

    assert report.locator("#list .row[aria-selected=true]").get_attribute("aria-posinset") == "1235"
    report.locator("#list").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    expect(report.locator("#list .row").last).to_contain_text("test_number[1999]")
    assert report.locator("*").count() < 2000
