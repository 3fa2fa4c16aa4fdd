"""The whole API, driven at random beside a small model of its own: after every step both show the same.

Set WHOOSH_DEEP to a number of examples for a run that is longer than the suite's, and different each time.
"""

import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode

import requests
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twilio.rest import Client

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.http import NetworkFault, Request

from .model import BODIES, MOVES, REPORTED, UNFINISHED, WAYS, World

#: Ten seconds before midnight, so messages are sent on two days.
START = datetime(2031, 6, 15, 23, 59, 50, tzinfo=UTC)
API = "https://api.whoosh.totogi.solutions/2010-04-01/Accounts"
MESSAGING = "https://messaging.whoosh.totogi.solutions/v1"
PRICING = "https://pricing.whoosh.totogi.solutions/v1"
APP = "https://app.example"
SMS_URL = f"{APP}/sms"

PEOPLE = ["+15558675310", "+15558675311", "+447400123456"]
NUMBERS = [f"+1555712266{digit}" for digit in range(4)]
CODE, ALPHA, WHATSAPP = "12345", "Whoosh", f"whatsapp:{NUMBERS[0]}"
#: The scripted answers to a message's creation: the HTTP status and code of the answer, or the fault.
INTERRUPTIONS: dict[str, tuple[int | str, int | None]] = {
    "reject": (400, 21408),
    "rate_limit": (429, 20429),
    "respond": (503, None),
    "timeout": ("fault", None),
    "disconnect": ("fault", None),
}

people = st.sampled_from(PEOPLE)
statuses = st.lists(st.sampled_from(sorted(REPORTED)), max_size=2, unique=True).map(tuple)
seconds = st.sampled_from([0, 0.5, 1, 2, 3, 5, 10, 60, 900, 3600, 86_400])


def shown(moment: datetime | None) -> str | None:
    """Return a moment as the API writes it."""
    return moment and f"{moment:%a, %d %b %Y %H:%M:%S +0000}"


class Machine(RuleBasedStateMachine):
    """A test that does whatever it likes, in any order."""

    sids = Bundle("sids")
    services = Bundle("services")
    accounts = Bundle("accounts")
    templates = Bundle("templates")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.whoosh = self.open.enter_context(Whoosh(clock="virtual"))
        self.whoosh.travel(START)
        self.whoosh.mount(APP, self.app)
        self.tokens = {self.whoosh.account_sid: self.whoosh.auth_token}
        self.seen = {self.whoosh.account_sid}
        self.received: list[dict[str, str]] = []
        self.answer = "<Response/>"
        self.moments = [START]
        self.world = World(START, self.whoosh.account_sid, self.prices())
        self.whoosh.add_short_code(CODE)
        self.world.accounts[self.world.main]["codes"].add(CODE)

    def teardown(self) -> None:
        self.open.close()

    def app(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        """Handle a webhook: record a status callback, or answer a person."""
        form = dict(parse_qsl(environ["wsgi.input"].read().decode(), keep_blank_values=True))
        if "MessageStatus" in form:
            self.received.append(form)
            start_response("204 No Content", [])
            return []
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [self.answer.encode()]

    # Calls

    def call(
        self, method: str, url: str, form: dict[str, Any] | None = None, account: str | None = None
    ) -> tuple[int | str, Any]:
        """Call the double directly, and return the status and the document, or the fault."""
        account = account or self.whoosh.account_sid
        credentials = b64encode(f"{account}:{self.tokens[account]}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        body = urlencode(form or {})
        if method == "GET" and body:
            url, body = f"{url}?{body}", ""
        try:
            answer = self.whoosh._answer(Request(method, url, headers, body))
        except NetworkFault:
            return "fault", None
        return answer.status, json.loads(answer.body) if answer.body else None

    def made(self, answer: tuple[int | str, Any]) -> Any:
        """Check that a call created a record with a new SID, and return it."""
        status, document = answer
        assert status == 201, document
        assert document["sid"] not in self.seen
        self.seen.add(document["sid"])
        return document

    def refused(self, answer: tuple[int | str, Any], status: int | str, code: int | None) -> None:
        assert answer[0] == status, answer
        if code is not None:
            assert answer[1]["code"] == code

    def messages_url(self, account: str, below: str = "") -> str:
        return f"{API}/{account}/Messages{below}.json"

    # What there is

    def prices(self) -> dict[str, Decimal]:
        """Return the price of a segment according to the API."""
        prices = {}
        for country in ("US", "GB"):
            _, document = self.call("GET", f"{PRICING}/Messaging/Countries/{country}")
            prices[country] = Decimal(document["outbound_sms_prices"][0]["prices"][0]["current_price"])
        return prices

    @initialize(target=accounts)
    def begin(self) -> str:
        return self.world.main

    @initialize(target=services, pool=st.sampled_from([NUMBERS[:1], NUMBERS[:2], [*NUMBERS[:2], CODE]]))
    def begin_with_a_service(self, pool: list[str]) -> Any:
        sid = self.add_service(self.world.main, callback=True, hears=True)
        for number in NUMBERS[:3]:
            self.add_number(self.world.main, number, hears=True)
        for sender in pool:
            self.join_pool(sid, sender)
        return sid

    @initialize(target=templates)
    def begin_with_a_template(self) -> Any:
        return self.add_template(self.world.main, "Hi {{1}}")

    @rule(target=accounts)
    @precondition(lambda self: len(self.world.accounts) < 3)
    def add_account(self) -> str:
        made = self.made(self.call("POST", f"{API}.json"))
        self.tokens[made["sid"]] = made["auth_token"]
        self.world.add_account(made["sid"])
        return made["sid"]

    @rule(account=accounts)
    @precondition(lambda self: len(self.world.accounts) > 1)
    def suspend_or_activate(self, account: str) -> None:
        if account == self.world.main:
            return
        known = self.world.accounts[account]
        known["active"] = not known["active"]
        status = "active" if known["active"] else "suspended"
        assert self.call("POST", f"{API}/{account}.json", {"Status": status})[1]["status"] == status

    @rule(account=accounts, number=st.sampled_from(NUMBERS), hears=st.booleans())
    def add_number(self, account: str, number: str, hears: bool) -> None:
        form = {"PhoneNumber": number} | ({"SmsUrl": SMS_URL} if hears else {})
        answer = self.call("POST", f"{API}/{account}/IncomingPhoneNumbers.json", form)
        known, holder = self.world.accounts[account], self.world.holder(number)
        if not known["active"]:
            self.refused(answer, 403, 20005)
        elif holder not in (None, account):
            self.refused(answer, 400, 21422)
        else:
            assert answer[0] == 201
            before = known["numbers"].get(number)
            sid = before["sid"] if before else self.made(answer)["sid"]
            assert answer[1]["sid"] == sid
            known["numbers"][number] = {"sid": sid, "hears": hears or bool(before and before["hears"])}

    @rule(account=accounts, number=st.sampled_from(NUMBERS))
    def release_number(self, account: str, number: str) -> None:
        known = self.world.accounts[account]
        if known["active"] and number in known["numbers"]:
            sid = known["numbers"][number]["sid"]
            self.world.release(account, number)
            assert self.call("DELETE", f"{API}/{account}/IncomingPhoneNumbers/{sid}.json") == (204, None)
            self.refused(self.call("DELETE", f"{API}/{account}/IncomingPhoneNumbers/{sid}.json"), 404, 20404)

    @rule(account=accounts, to=accounts, number=st.sampled_from(NUMBERS))
    def hand_over_number(self, account: str, to: str, number: str) -> None:
        known = self.world.accounts[account]
        if known["active"] and number in known["numbers"]:
            held = known["numbers"][number]
            answer = self.call("POST", f"{API}/{account}/IncomingPhoneNumbers/{held['sid']}.json", {"AccountSid": to})
            assert (answer[0], answer[1]["account_sid"]) == (200, to)
            if to != account:
                self.world.release(account, number)
                self.world.accounts[to]["numbers"][number] = held

    @rule(target=services, account=accounts, callback=st.booleans(), hears=st.booleans())
    @precondition(lambda self: len(self.world.services) < 4)
    def add_service(self, account: str, callback: bool, hears: bool) -> Any:
        form = {"FriendlyName": "Reminders"}
        form |= {"StatusCallback": f"{APP}/status"} if callback else {}
        form |= {"InboundRequestUrl": SMS_URL} if hears else {}
        answer = self.call("POST", f"{MESSAGING}/Services", form, account)
        if not self.world.accounts[account]["active"]:
            self.refused(answer, 403, 20005)
            return multiple()
        sid = self.made(answer)["sid"]
        self.world.services[sid] = {
            "account": account, "pool": [], "known": {}, "closed": False, "hears": hears,
            "callback": form.get("StatusCallback"),
        }  # fmt: skip
        return sid

    @rule(sid=services)
    @precondition(lambda self: len(self.world.services) > 1)
    def close_service(self, sid: str) -> None:
        service = self.world.services[sid]
        answer = self.call("DELETE", f"{MESSAGING}/Services/{sid}", None, service["account"])
        if not self.world.accounts[service["account"]]["active"]:
            self.refused(answer, 403, 20005)
        elif service["closed"]:
            self.refused(answer, 404, 20404)
        else:
            assert answer[0] == 204
            service |= {"closed": True, "pool": []}

    @rule(sid=services, sender=st.sampled_from([*NUMBERS, CODE]))
    def join_pool(self, sid: str, sender: str) -> None:
        service = self.world.services[sid]
        account = self.world.accounts[service["account"]]
        if sender == CODE and service["account"] == self.world.main:
            self.whoosh.add_short_code(CODE)  # which it has: to learn its SID
            kind, name, held = "ShortCodes", "ShortCodeSid", self.whoosh.add_short_code(CODE).sid
        elif sender in account["numbers"]:
            kind, name, held = "PhoneNumbers", "PhoneNumberSid", account["numbers"][sender]["sid"]
        else:
            return
        answer = self.call("POST", f"{MESSAGING}/Services/{sid}/{kind}", {name: held}, service["account"])
        holder = self.world.service_of(service["account"], sender)
        if not account["active"]:
            self.refused(answer, 403, 20005)
        elif service["closed"]:
            self.refused(answer, 404, 20404)
        elif holder:
            self.refused(answer, 409, 21710 if holder == sid else 21712)
        else:
            assert answer[0] == 201
            service["pool"].append(sender)

    @rule(sid=services, sender=st.sampled_from(NUMBERS))
    def leave_pool(self, sid: str, sender: str) -> None:
        service = self.world.services[sid]
        account = self.world.accounts[service["account"]]
        if account["active"] and sender in service["pool"]:
            held = account["numbers"][sender]["sid"]
            url = f"{MESSAGING}/Services/{sid}/PhoneNumbers/{held}"
            assert self.call("DELETE", url, None, service["account"]) == (204, None)
            self.world.leave(service, sender)

    @rule(target=templates, account=accounts, text=st.sampled_from(["Hi {{1}}", "Hello"]))
    @precondition(lambda self: len(self.world.templates) < 3)
    def add_template(self, account: str, text: str) -> Any:
        if not self.world.accounts[account]["active"]:
            return multiple()
        document = {"language": "en", "variables": {"1": "there"}, "types": {"twilio/text": {"body": text}}}
        credentials = b64encode(f"{account}:{self.tokens[account]}".encode()).decode()
        answer = self.whoosh._answer(
            Request(
                "POST",
                "https://content.whoosh.totogi.solutions/v1/Content",
                {"Authorization": f"Basic {credentials}"},
                json.dumps(document),
            )
        )
        sid = self.made((answer.status, json.loads(answer.body)))["sid"]
        self.world.templates[account, sid] = text
        return sid

    @rule(country=st.sampled_from(["US", "GB"]), price=st.sampled_from(["0", "0.0079", "1.23456"]))
    def set_price(self, country: str, price: str) -> None:
        self.whoosh.set_price(country, price)
        self.world.prices[country] = Decimal(price)

    # Scripting

    @rule(
        match=st.fixed_dictionaries({}, optional={"to": people, "body": st.sampled_from(["Hi", "ask"])}),
        way=st.sampled_from([None, *WAYS, *INTERRUPTIONS]),
        after=st.sampled_from([None, 0, 0.5, 7]),
        code=st.sampled_from([30003, 30008]),
        script=st.none() | st.fixed_dictionaries({"drop": statuses, "duplicate": statuses, "order": statuses}),
        times=st.sampled_from([None, 1, 2]),
    )
    def when(self, match: Any, way: Any, after: Any, code: Any, script: Any, times: Any) -> None:
        if way is None and script is None:
            return
        scripted = self.whoosh.when(**match)
        known = {"match": match, "way": way, "after": None, "code": None, "script": script, "left": times}
        match (way or "").split():
            case ["deliver" | "read"]:
                getattr(scripted, way)(after=after)
                known["after"] = after
            case ["undeliver" | "fail"]:
                getattr(scripted, way)(code)
                known["code"] = code
            case ["stall", _, status]:
                scripted.stall(at=status)
            case ["reject"]:
                scripted.reject(21408)
            case ["respond"]:
                scripted.respond(503, {"error": "down"})
            case [interruption]:
                getattr(scripted, interruption)()
        if script:
            scripted.webhooks(**script)
        if times:
            scripted.times(times)
        self.world.rules.append(known)

    # Messages

    def send(self, account: str, form: dict[str, Any]) -> Any:
        """Send a message, and see that the API answers as the model foresees."""
        posted = dict(form)
        if "SendAt" in form:
            posted |= {"ScheduleType": "fixed", "SendAt": f"{form['SendAt']:%Y-%m-%dT%H:%M:%SZ}"}
        if name := posted.pop("Name", None):
            posted["ContentVariables"] = json.dumps({"1": name})
        answer = self.call("POST", self.messages_url(account), posted)
        if not self.world.accounts[account]["active"]:
            self.refused(answer, 403, 20005)
            return multiple()
        code = self.world.refusal(account, form)
        if code is not None:
            self.refused(answer, 404 if code == 21701 else 400, code)
            return multiple()
        message = self.world.new(account, form)
        instead = self.world.rule(message)
        if instead:
            self.refused(answer, *INTERRUPTIONS[instead])
            return multiple()
        document = self.made(answer)
        assert document["sid"][:2] == ("MM" if message["media"] else "SM")
        self.world.take(message, document["sid"])
        return document["sid"]

    @rule(
        target=sids,
        account=accounts,
        to=people,
        sender=st.sampled_from([*NUMBERS, *NUMBERS, CODE, ALPHA]),
        body=st.sampled_from([*BODIES, "x" * 1601]),
        more=st.fixed_dictionaries(
            {},
            optional={
                "StatusCallback": st.just(f"{APP}/mine"),
                "MediaUrl": st.just(f"{APP}/cat.png"),
                "ProvideFeedback": st.just("true"),
                "MaxPrice": st.sampled_from(["0.001", "0.01", "5"]),
            },
        ),
    )
    def send_directly(self, account: str, to: str, sender: str, body: str, more: dict[str, str]) -> Any:
        return self.send(account, {"To": to, "From": sender, "Body": body, **more})

    @rule(target=sids, to=people, body=st.sampled_from(["Hi", "ask"]), mixed=st.booleans(), callback=st.booleans())
    def send_over_whatsapp(self, to: str, body: str, mixed: bool, callback: bool) -> Any:
        form = {"To": f"whatsapp:{to}", "From": NUMBERS[0] if mixed else WHATSAPP, "Body": body}
        return self.send(self.world.main, form | ({"StatusCallback": f"{APP}/mine"} if callback else {}))

    @rule(
        target=sids,
        account=accounts,
        template=templates,
        to=people,
        over=st.sampled_from(["", "whatsapp:"]),
        given=st.fixed_dictionaries({}, optional={"Name": st.sampled_from(["Ada", "Grace"])}),
    )
    def send_template(self, account: str, template: str, to: str, over: str, given: dict[str, str]) -> Any:
        return self.send(account, {"To": over + to, "From": over + NUMBERS[0], "ContentSid": template, **given})

    @rule(target=sids, sid=services, to=people, times=st.integers(2, 4))
    def send_several_through_service(self, sid: str, to: str, times: int) -> Any:
        form = {"To": to, "MessagingServiceSid": sid, "Body": "Hi"}
        sent = [self.send(self.world.services[sid]["account"], form) for _ in range(times)]
        return multiple(*(each for each in sent if isinstance(each, str)))

    @rule(target=sids, to=people, sender=st.sampled_from(NUMBERS), body=st.sampled_from(["Hi", "x" * 161]))
    def send_with_callback(self, to: str, sender: str, body: str) -> Any:
        return self.send(self.world.main, {"To": to, "From": sender, "Body": body, "StatusCallback": f"{APP}/mine"})

    @rule(
        target=sids,
        sid=services,
        to=people,
        sender=st.sampled_from([None, None, None, *NUMBERS, ALPHA]),
        over=st.sampled_from(["", "", "", "whatsapp:"]),
        body=st.sampled_from([*BODIES]),
        callback=st.booleans(),
        media=st.booleans(),
    )
    def send_through_service(
        self, sid: str, to: str, sender: str | None, over: str, body: str, callback: bool, media: bool
    ) -> Any:
        form = {"To": over + to, "MessagingServiceSid": sid, "Body": body}
        form |= {"From": sender if sender == ALPHA else over + sender} if sender else {}
        form |= {"StatusCallback": f"{APP}/mine"} if callback else {}
        # Where a sender cannot carry media the service sends links instead, which change the text.
        form |= {"MediaUrl": f"{APP}/cat.png"} if media and not sender and to != PEOPLE[2] and not over else {}
        return self.send(self.world.services[sid]["account"], form)

    @rule(
        target=sids,
        sid=services,
        to=people,
        lead=st.sampled_from([0, 899, 900, 901, 3600, 100_000, 35 * 86_400, 35 * 86_400 + 1]),
        sender=st.sampled_from([None, *NUMBERS]),
    )
    def schedule(self, sid: str, to: str, lead: int, sender: str | None) -> Any:
        send_at = self.world.now.replace(microsecond=0) + timedelta(seconds=lead)
        form = {"To": to, "MessagingServiceSid": sid, "Body": "Hi", "SendAt": send_at}
        return self.send(self.world.services[sid]["account"], form | ({"From": sender} if sender else {}))

    @rule(sid=sids)
    def cancel(self, sid: str) -> None:
        message, answer = self.update(sid, "", {"Status": "canceled"})
        if message:
            if message["status"] == "scheduled":
                assert answer[0] == 200
                self.world.move(message, "canceled")
            else:
                self.refused(answer, 409, 30409)

    @rule(sid=sids)
    def redact(self, sid: str) -> None:
        message, answer = self.update(sid, "", {"Body": ""})
        if message:
            if message["status"] in UNFINISHED:
                self.refused(answer, 400, 20009)
            else:
                assert answer[0] == 200
                message["updated"] = message["updated"] if message["redacted"] else self.world.now
                message["redacted"] = True

    @rule(sid=sids, outcome=st.sampled_from(["confirmed", "unconfirmed"]))
    def give_feedback(self, sid: str, outcome: str) -> None:
        message, answer = self.update(sid, "/Feedback", {"Outcome": outcome})
        if message:
            if message["feedback"]:
                assert (answer[0], answer[1]["outcome"]) == (200, outcome)
            else:
                self.refused(answer, 404, 20404)

    def update(self, sid: str, below: str, form: dict[str, str]) -> tuple[Any, tuple[int | str, Any]]:
        """Post to a message. Nothing happens if it is deleted, or if its account is suspended."""
        message = next(each for each in self.world.messages if each["sid"] == sid)
        answer = self.call("POST", self.messages_url(message["account"], f"/{sid}{below}"), form)
        return self.unless_out_of_reach(message, answer), answer

    def unless_out_of_reach(self, message: Any, answer: tuple[int | str, Any]) -> Any:
        if not self.world.accounts[message["account"]]["active"]:
            self.refused(answer, 403, 20005)
            return None
        if message["deleted"]:
            self.refused(answer, 404, 20404)
            return None
        return message

    @rule(sid=sids)
    def delete(self, sid: str) -> None:
        message = next(each for each in self.world.messages if each["sid"] == sid)
        answer = self.call("DELETE", self.messages_url(message["account"], f"/{sid}"))
        if self.unless_out_of_reach(message, answer):
            if message["status"] in UNFINISHED:
                self.refused(answer, 409, 20009)
            else:
                assert answer == (204, None)
                message["deleted"] = True

    # People

    @rule(
        target=sids,
        person=people,
        ours=st.sampled_from([*NUMBERS, CODE, WHATSAPP]),
        body=st.sampled_from(["Hi", "ask", "STOP", "stop", "START", "HELP"]),
    )
    def receive(self, person: str, ours: str, body: str) -> Any:
        person = ("whatsapp:" if ours == WHATSAPP else "") + person
        number = ours.rpartition(":")[2]
        holder = self.world.holder(ours) or self.world.main
        self.answer = "<Response><Message>Thanks</Message></Response>" if body == "ask" else "<Response/>"

        reply = self.whoosh.receive(body, from_=person, to=ours)

        message = self.world.hear(holder, person, ours, body)
        assert reply.message.sid not in self.seen
        self.seen.add(reply.message.sid)
        self.world.take(message, reply.message.sid)
        service = self.world.services.get(message["service"] or "")
        held = self.world.accounts[holder]["numbers"].get(number)
        heard = service["hears"] if service else bool(held and held["hears"])
        assert (reply.webhook is not None) == heard
        sent = self.reply(message) if heard and body == "ask" else []
        assert [each.sid for each in reply.replies] == sent
        self.world.heard(message)
        return multiple(message["sid"], *sent)

    def reply(self, asked: Any) -> list[str]:
        """Handle the app's response to a person's message."""
        world, service = self.world, asked["service"]
        key = world.key(asked["account"], asked["from_"], asked["to"], service)
        if service is None and key in world.opted_out:
            return []
        answer = world.message(
            asked["account"], direction="outbound-reply", to=asked["from_"], from_=asked["to"], body="Thanks",
            status="queued", service=service, callback=service and world.services[service]["callback"],
        )  # fmt: skip
        if world.rule(answer) in ("reject", "rate_limit"):  # what befalls a call of the API befalls no reply
            return []
        found = [each for each in self.whoosh.outbox if each.sid not in self.seen]
        assert [each.direction for each in found] == ["outbound-reply"]
        self.seen.add(found[0].sid)
        world.take(answer, found[0].sid)
        return [found[0].sid]

    @rule(person=people, sender=st.sampled_from(NUMBERS))
    def opt_out(self, person: str, sender: str) -> None:
        self.whoosh.opt_out(person, sender)
        self.world.opted_out.add(self.world.key(self.world.main, person, sender, None))

    # Stories, which chance alone would seldom tell

    @rule(
        target=sids,
        person=people,
        ours=st.sampled_from(NUMBERS),
        words=st.lists(st.sampled_from(["STOP", "START"]), max_size=3),
    )
    def waver(self, person: str, ours: str, words: list[str]) -> Any:
        written = [self.receive(person, ours, word) for word in words]
        sent = self.send_with_callback(person, ours, "Hi")
        return multiple(*_sids(*written, sent))

    @rule(target=sids, person=people, later=st.sampled_from([1, 86_396, 86_397, 86_398, 86_399, 86_400]))
    def answer_over_whatsapp(self, person: str, later: int) -> Any:
        asked = self.receive(person, WHATSAPP, "Hi")
        self.travel(later)
        sent = self.send_over_whatsapp(person, "Hi", mixed=False, callback=True)
        self.settle()
        return multiple(*_sids(asked, sent))

    @rule(
        target=sids,
        to=people,
        way=st.sampled_from(["deliver", "undeliver", "fail", "stall at sent"]),
        script=st.fixed_dictionaries({"drop": statuses, "duplicate": statuses, "order": statuses}),
        sid=services,
    )
    def send_into_a_bad_network(self, to: str, way: str, script: Any, sid: str) -> Any:
        self.when({"to": to}, way, None, 30003, script, 2)
        sent = self.send_with_callback(to, NUMBERS[0], "Hi"), self.send_several_through_service(sid, to, 2)
        self.settle()
        return multiple(*_sids(*sent))

    @rule(target=sids, sid=services, to=people)
    def lose_a_known_sender(self, sid: str, to: str) -> Any:
        first = self.send_several_through_service(sid, to, 1)
        self.wait(1)
        known = self.world.services[sid]["known"].get(to)
        if known in NUMBERS:
            self.leave_pool(sid, known)
        second = self.send_several_through_service(sid, to, 3)
        self.wait(1)
        return multiple(*_sids(first, second))

    # Time

    def note_choices(self) -> None:
        """Pass the senders that services chose to the model."""
        chosen = {each.sid: each.from_ for each in self.whoosh.outbox}
        for message in self.world.messages:
            if message["from_"] is None:
                message["chosen"] = chosen[message["sid"]]

    @rule(amount=seconds)
    def travel(self, amount: float) -> None:
        self.whoosh.travel(seconds=amount)
        self.note_choices()
        self.world.pass_until(self.world.now + timedelta(seconds=amount))

    @rule(amount=st.integers(1, 4))
    def wait(self, amount: int) -> None:
        self.travel(amount)

    @rule()
    def settle(self) -> None:
        self.whoosh.settle()
        self.note_choices()
        self.world.settle()

    # Lists

    @rule(
        account=accounts,
        to=st.none() | people,
        from_=st.none() | st.sampled_from([*NUMBERS, CODE]),
        dates=st.fixed_dictionaries(
            {},
            optional={
                "day": st.integers(0, 2),
                "before": st.integers(0, 30),
                "after": st.integers(0, 30),
            },
        ),
        size=st.integers(1, 5),
        page=st.integers(0, 3),
    )
    def walk_a_list(
        self, account: str, to: str | None, from_: str | None, dates: dict[str, int], size: int, page: int
    ) -> None:
        if not self.world.accounts[account]["active"]:
            return
        query: dict[str, Any] = {"PageSize": size} | ({"To": to} if to else {}) | ({"From": from_} if from_ else {})
        given: dict[str, Any] = {"to": to, "from_": from_}
        if "day" in dates:
            given["day"] = (START + timedelta(days=dates["day"])).date()
            query["DateSent"] = str(given["day"])
        for name, sign in (("before", "<"), ("after", ">")):
            if name in dates:
                given[name] = START + timedelta(seconds=dates[name])
                query[f"DateSent{sign}"] = f"{given[name]:%Y-%m-%dT%H:%M:%SZ}"
        wanted = [each["sid"] for each in self.world.listed(account, **given)]
        pages = [wanted[at : at + size] for at in range(0, len(wanted), size)] or [[]]

        status, document = self.call("GET", self.messages_url(account), query)
        forward, documents = [], []
        while True:
            assert status == 200
            documents.append(document)
            forward.append([each["sid"] for each in document["messages"]])
            if not document["next_page_uri"]:
                break
            status, document = self.call("GET", API.removesuffix("/2010-04-01/Accounts") + document["next_page_uri"])
        assert forward == pages
        back = [forward[-1]]
        while document["previous_page_uri"]:
            _, document = self.call("GET", API.removesuffix("/2010-04-01/Accounts") + document["previous_page_uri"])
            back.append([each["sid"] for each in document["messages"]])
        assert back == pages[::-1]
        _, numbered = self.call("GET", self.messages_url(account), {**query, "Page": page})
        assert [each["sid"] for each in numbered["messages"]] == wanted[page * size : (page + 1) * size]

    # What holds at all times

    @invariant()
    def lists_show_what_the_model_has(self) -> None:
        for account, known in self.world.accounts.items():
            status, document = self.call("GET", self.messages_url(account), {"PageSize": 1000})
            if not known["active"]:
                assert status == 403
                continue
            wanted = [
                {
                    "sid": each["sid"],
                    "status": each["status"],
                    "to": each["to"],
                    "from": each["from_"],
                    "body": "" if each["redacted"] else each["body"],
                    "direction": each["direction"],
                    "error_code": each["error"],
                    "num_segments": str(each["shown"]),
                    "num_media": str(each["media"]),
                    "messaging_service_sid": each["service"],
                    "price": None if each["price"] is None else f"{each['price']:.5f}",
                    "date_created": shown(each["created"]),
                    "date_updated": shown(each["updated"]),
                    "date_sent": shown(each["sent"]),
                }
                for each in self.world.listed(account)
            ]
            names = wanted[0].keys() if wanted else ()
            assert [{name: each[name] for name in names} for each in document["messages"]] == wanted

    @invariant()
    def every_message_is_in_one_place(self) -> None:
        known = self.world.messages
        outbound = [each["sid"] for each in known if each["direction"] != "inbound"]
        assert [each.sid for each in self.whoosh.messages] == [each["sid"] for each in known]
        assert [each.sid for each in self.whoosh.outbox] == outbound
        assert [each.sid for each in self.whoosh.inbox] == [
            each["sid"] for each in known if each["sid"] not in outbound
        ]
        counts = Counter(each["account"] for each in known if not each["deleted"])
        assert {each.sid for each in self.whoosh.messages if each.deleted} == {e["sid"] for e in known if e["deleted"]}
        assert sum(counts.values()) == len(known) - sum(each["deleted"] for each in known)
        if len(outbound) == 1:
            assert self.whoosh.assert_sent().sid == outbound[0]
        else:
            assert len(self.whoosh.assert_sent(count=len(outbound))) == len(outbound)

    @invariant()
    def histories_follow_the_documentation(self) -> None:
        for message, known in zip(self.whoosh.messages, self.world.messages, strict=True):
            history = message.history
            assert history == known["history"]
            assert all(after in MOVES[before] for (before, _), (after, _) in pairwise(history))
            moments = [moment for _, moment in history]
            assert moments == sorted(moments)
            assert message.date_created == moments[0]
            assert message.date_updated >= moments[-1]

    @invariant()
    def callbacks_are_one_for_each_reported_status(self) -> None:
        world = self.world
        left = [each for each in self.whoosh.callbacks if "MessageStatus" in each.params]
        told = [(world.messages[number]["sid"], status, moment) for number, status, moment in world.told]
        assert [(each.params["MessageSid"], each.params["MessageStatus"], each.at) for each in left] == told
        assert self.received == [each.params for each in left[: world.delivered]]
        for callback in left:
            message, params = callback.message, callback.params
            assert message is not None
            assert callback.url == message.status_callback
            wanted = {
                "SmsStatus": params["MessageStatus"],
                "SmsSid": message.sid,
                "To": message.to,
                "From": message.from_,
            }
            wanted |= {"AccountSid": message.account_sid, "ApiVersion": "2010-04-01"}
            wanted |= {"MessagingServiceSid": message.messaging_service_sid} if message.messaging_service_sid else {}
            ended = params["MessageStatus"] in ("failed", "undelivered")
            wanted |= {"ErrorCode": str(message.error_code)} if ended else {}
            assert wanted.items() <= {**params, "From": params["From"] or None}.items()
            assert ("ErrorCode" in params) == ended

    @invariant()
    def pools_hold_those_who_joined(self) -> None:
        for sid, service in self.world.services.items():
            if service["closed"] or not self.world.accounts[service["account"]]["active"]:
                continue
            _, document = self.call("GET", f"{MESSAGING}/Services/{sid}/PhoneNumbers", None, service["account"])
            joined = [each for each in service["pool"] if each != CODE]
            assert [each["phone_number"] for each in document["phone_numbers"]] == joined[::-1]

    @invariant()
    def the_money_adds_up(self) -> None:
        _, document = self.call("GET", f"{API}/{self.world.main}/Balance.json")
        assert Decimal(document["balance"]) == self.world.balance()

    @invariant()
    def time_runs_forward(self) -> None:
        self.moments.append(self.whoosh.now)
        assert self.moments[-1] == self.world.now
        assert self.moments[-1] >= self.moments[-2]


def _sids(*results: Any) -> list[str]:
    """Return the SIDs that rules have returned: one, several or none."""
    return [sid for each in results for sid in ([each] if isinstance(each, str) else each.values)]


class MachineOverTheSdk(Machine):
    """The same, with every call made by the SDK's own client over ``requests``."""

    def call(
        self, method: str, url: str, form: dict[str, Any] | None = None, account: str | None = None
    ) -> tuple[int | str, Any]:
        account = account or self.whoosh.account_sid
        client = Client(account, self.tokens[account])
        given = {"params": form} if method == "GET" else {"data": form}
        try:
            answer = client.http_client.request(method, url, auth=client.auth, **given)
        except requests.RequestException:
            return "fault", None
        return answer.status_code, json.loads(answer.text) if answer.text else None


DEEP = int(os.environ.get("WHOOSH_DEEP", "0"))


def test_a_double_shows_what_a_model_of_it_shows() -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=DEEP or 150, stateful_step_count=60 if DEEP else 40, derandomize=not DEEP, deadline=None
        ),
    )


def test_a_double_shows_what_a_model_of_it_shows_to_the_sdk() -> None:
    run_state_machine_as_test(
        MachineOverTheSdk,
        settings=settings(max_examples=DEEP // 10 or 5, stateful_step_count=30, derandomize=not DEEP, deadline=None),
    )
