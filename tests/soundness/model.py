"""A model of the documented behaviour of messages, in plain dictionaries and lists, without any code of the fake.

The test passes its actions to the model. The model returns the API's answers, and has the state that must be visible
afterwards. It does not predict which sender a Messaging Service chooses: the test passes the choice to the model.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

Message = dict[str, Any]

#: The statuses that can follow each status.
MOVES = {
    "accepted": {"queued", "failed"},
    "scheduled": {"queued", "canceled", "failed"},
    "queued": {"sending", "failed"},
    "sending": {"sent", "failed"},
    "sent": {"delivered", "undelivered"},
    "delivered": {"read"},
    "receiving": {"received"},
}
#: The seconds before each status.
DELAYS = {"queued": 1, "sending": 1, "sent": 1, "delivered": 2, "undelivered": 2, "read": 2}
#: The statuses that are reported to the app. The first status of a message is not reported.
REPORTED = {"queued", "sent", "failed", "delivered", "undelivered", "canceled", "read"}
#: The statuses of messages that can be neither deleted nor redacted.
UNFINISHED = {"accepted", "scheduled", "queued", "sending", "receiving"}
#: The statuses from queued to each last status that a test scripts.
WAYS = {
    "deliver": ["sending", "sent", "delivered"],
    "undeliver": ["sending", "sent", "undelivered"],
    "fail": ["sending", "failed"],
    "read": ["sending", "sent", "delivered", "read"],
    "stall at queued": [],
    "stall at sending": ["sending"],
    "stall at sent": ["sending", "sent"],
    "stall at delivered": ["sending", "sent", "delivered"],
}
#: Texts, and how many segments each takes.
BODIES = {
    "Hi": 1,
    "ask": 1,
    "x" * 160: 1,
    "x" * 161: 2,
    "€" * 80: 1,
    "€" * 81: 2,
    "ж" * 70: 1,
    "ж" * 71: 2,
    "ж" * 1600: 24,
    "😜" * 36: 2,
}
#: The fake's prices of one MMS, one message on a channel, and one inbound segment, in US dollars.
MMS, CHANNEL, INBOUND = Decimal("0.02"), Decimal("0.005"), Decimal("0.0075")
WINDOW = timedelta(hours=24)


def channel(address: str | None) -> str:
    """Return the channel of an address; an empty text for SMS."""
    return address.partition(":")[0] if address and ":" in address else ""


def country(address: str) -> str:
    """Return the country of a person's number."""
    return "US" if "+1" in address else "GB"


class World:
    """The visible state of one double."""

    def __init__(self, now: datetime, main: str, prices: dict[str, Decimal]) -> None:
        self.now = now
        self.main = main
        self.prices = prices
        self.accounts: dict[str, dict[str, Any]] = {}
        self.add_account(main)
        self.messages: list[Message] = []
        self.services: dict[str, dict[str, Any]] = {}
        self.templates: dict[tuple[str, str], str] = {}
        self.rules: list[dict[str, Any]] = []
        self.opted_out: set[tuple[str, str, str]] = set()
        self.last_heard: dict[tuple[str, str, str], datetime] = {}
        #: Every status callback that has left, in order: the message's number, the status, the moment.
        self.told: list[tuple[int, str, datetime]] = []
        #: The number of those that the app has received. They wait for time to advance.
        self.delivered = 0

    # Resources

    def add_account(self, sid: str) -> None:
        self.accounts[sid] = {"active": True, "numbers": {}, "codes": set(), "deleted": []}

    def holder(self, number: str) -> str | None:
        """Return the account that has a number."""
        return next((sid for sid, each in self.accounts.items() if number in each["numbers"]), None)

    def service_of(self, account: str, sender: str) -> str | None:
        """Return the service with an account's sender in its pool."""
        services = self.services.items()
        return next((sid for sid, each in services if each["account"] == account and sender in each["pool"]), None)

    def release(self, account: str, number: str) -> None:
        del self.accounts[account]["numbers"][number]
        for service in self.services.values():
            if service["account"] == account and number in service["pool"]:
                self.leave(service, number)

    def leave(self, service: dict[str, Any], number: str) -> None:
        service["pool"].remove(number)
        service["known"] = {to: sender for to, sender in service["known"].items() if sender != number}

    def key(self, account: str, person: str, sender: str | None, service: str | None) -> tuple[str, str, str]:
        """Return what a person opts out of: a service, or a sender without a service."""
        service = service or self.service_of(account, sender or "")
        return account, person, service or sender or ""

    # Sending

    def refusal(self, account: str, form: dict[str, Any]) -> int | None:
        """Return the error code that refuses a new message before any rule of the test applies, or None."""
        to, sender, service = form["To"], form.get("From"), self.services.get(form.get("MessagingServiceSid", ""))
        if "MessagingServiceSid" in form:
            if service is None or service["account"] != account or service["closed"]:
                return 21701
            if not service["pool"]:
                return 21704
            if sender and sender not in service["pool"]:
                return 21709 if sender == "Whoosh" else 21711
        if sender:
            if channel(sender) != channel(to):
                return 21910
            if sender in self.accounts[account]["codes"] and country(to) != "US":
                return 21659
            if sender == "Whoosh" and country(to) == "US":
                return 21612
            if "MediaUrl" in form and not service and not channel(to) and (country(to) == "GB" or sender == "Whoosh"):
                return 21612
        if len(form.get("Body", "").encode("utf-16-le")) > 3200:
            return 21617
        if "ContentSid" in form and self.template(account, form) is None:
            return 21655
        if "SendAt" in form and not service:
            return 35118
        if "SendAt" in form:
            lead = form["SendAt"] - self.now.replace(microsecond=0)
            if not timedelta(minutes=15) <= lead <= timedelta(days=35):
                return 35114
        if not service and self.key(account, to, sender, None) in self.opted_out:
            return 21610
        return None

    def template(self, account: str, form: dict[str, Any]) -> str | None:
        """Return the filled-in text of a template; None if the account has no such template."""
        text = self.templates.get((account, form["ContentSid"]))
        return text and text.replace("{{1}}", form.get("Name", "there"))

    def matching(self, message: Message) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return the rules that decide about a message's journey, and about its callbacks."""
        fitting = [
            rule
            for rule in reversed(self.rules)
            if rule["left"] != 0 and all(message[name] == value for name, value in rule["match"].items())
        ]
        way = next((rule for rule in fitting if rule["way"]), None)
        return way, next((rule for rule in fitting if rule["script"]), None)

    def rule(self, message: Message) -> str | None:
        """Apply the test's rules to a new message, and return what the API does instead of accepting it."""
        way, scripted = self.matching(message)
        if way and way["way"] not in WAYS:
            _use_up(way)
            return str(way["way"])
        if way and (way["way"] != "read" or channel(message["to"])):
            message |= {"way": way["way"], "after": way["after"], "code": way["code"], "scripted": True}
        if scripted:
            message["script"] = scripted["script"]
        for rule in {id(each): each for each in (way, scripted) if each}.values():
            _use_up(rule)
        return None

    def message(self, account: str, **known: Any) -> Message:
        """Return a new message."""
        return {
            "account": account, "service": None, "callback": None, "media": 0, "price": None, "error": None,
            "charged": None,
            "sent": None, "created": self.now, "updated": self.now, "deleted": False, "redacted": False,
            "feedback": False, "template": False, "max_price": None, "way": "deliver", "after": None, "code": None,
            "scripted": False, "script": {}, "due": None, "waiting": [], "gone": set(), **known,
        }  # fmt: skip

    def new(self, account: str, form: dict[str, Any]) -> Message:
        """Return the message that a form creates."""
        service = form.get("MessagingServiceSid")
        callback = form.get("StatusCallback") or (self.services[service]["callback"] if service else None)
        status = "scheduled" if "SendAt" in form else "queued" if "From" in form else "accepted"
        return self.message(
            account,
            direction="outbound-api",
            to=form["To"],
            from_=form.get("From"),
            body=self.template(account, form) if "ContentSid" in form else form["Body"],
            template="ContentSid" in form,
            service=service,
            status=status,
            callback=callback,
            media=1 if "MediaUrl" in form else 0,
            feedback="ProvideFeedback" in form,
            max_price=Decimal(form["MaxPrice"]) if "MaxPrice" in form else None,
            send_at=form.get("SendAt"),
        )

    def take(self, message: Message, sid: str) -> None:
        """Store a message, and start its life."""
        message |= {"sid": sid, "number": len(self.messages), "history": [(message["status"], self.now)]}
        parts = 1 if message["media"] or channel(message["to"]) else BODIES.get(message["body"], 1)
        message |= {"parts": parts, "shown": 0 if message["service"] and message["direction"] != "inbound" else parts}
        self.messages.append(message)
        if message["status"] == "scheduled":
            message["due"] = message["send_at"]
        elif message["direction"] != "inbound":
            self._plan(message)

    # Time

    def pass_until(self, until: datetime) -> None:
        """Run all events that are due by a moment."""
        while (message := self._next()) and message["due"] <= until:
            self._step(message)
        self.now = until
        self.delivered = len(self.told)

    def settle(self) -> None:
        """Run all events until no message is in flight."""
        while any(each["due"] and each["status"] != "scheduled" for each in self.messages):
            message = self._next()
            assert message
            self._step(message)
        self.delivered = len(self.told)

    def _next(self) -> Message | None:
        waiting = [each for each in self.messages if each["due"]]
        return min(waiting, key=lambda each: (each["due"], each["number"]), default=None)

    def _following(self, message: Message) -> str | None:
        if message["status"] in ("accepted", "scheduled"):
            return "queued"
        way = ["queued", *WAYS[message["way"]]]
        place = way.index(message["status"]) + 1
        return way[place] if place < len(way) else None

    def _plan(self, message: Message) -> None:
        following = self._following(message)
        if following is None:
            message["due"] = None
            message["price"] = message["charged"]
            self._report(message, None)
            return
        is_last = following == (["queued", *WAYS[message["way"]]])[-1]
        delay = message["after"] if is_last and message["after"] is not None else DELAYS.get(following, 1)
        message["due"] = self.now + timedelta(seconds=delay)

    def _step(self, message: Message) -> None:
        self.now = max(self.now, message["due"])
        following = self._following(message)
        assert following
        code = self._obstacle(message, following)
        if code is not None:
            self.move(message, "failed", code)
            return
        if following == "sent":
            message["sent"] = self.now
            message["charged"] = -self.cost(message)
        is_last = following == (["queued", *WAYS[message["way"]]])[-1]
        self.move(message, following, message["code"] if is_last else None)
        if following != "failed":
            self._plan(message)

    def move(self, message: Message, status: str, code: int | None = None) -> None:
        """Change a message's status, and report it to the app."""
        assert status in MOVES[message["status"]]
        message |= {"status": status, "error": code, "updated": self.now}
        message["history"].append((status, self.now))
        if status in ("failed", "canceled"):
            message["due"] = None
        self._report(message, status)

    def _obstacle(self, message: Message, following: str) -> int | None:
        """Return what keeps a message from its next status."""
        if following in ("queued", "sending", "sent") and not self.accounts[message["account"]]["active"]:
            return 30002
        service = self.services.get(message["service"] or "")
        out = service and self.key(message["account"], message["to"], None, message["service"]) in self.opted_out
        if following == "queued":
            assert service
            if service["closed"]:
                return 21701
            if out:
                return 21610
            if message["from_"] is None:
                able = [each for each in service["pool"] if self._reaches(each, message)]
                if not able:
                    return 21703 if service["pool"] else 21704
                self._choose(message, service, able)
            elif message["from_"] not in service["pool"]:
                return 21711
            message["shown"] = message["parts"]
        elif following == "sending":
            if out:
                return 21610
            message["shown"] = message["parts"]
            # Templates of this model are never submitted for approval, so they have the same limits as free text.
            if channel(message["to"]) and not message["scripted"]:
                heard = self.last_heard.get((message["account"], message["to"], message["from_"]))
                if heard is None or self.now - heard > WINDOW:
                    return 63016
            if message["max_price"] is not None and self.cost(message) > message["max_price"]:
                return 30010
        return None

    @staticmethod
    def _reaches(sender: str, message: Message) -> bool:
        if channel(message["to"]):
            return channel(sender) == channel(message["to"])
        return sender.startswith("+1") or country(message["to"]) == "US"  # a short code is for its country

    @staticmethod
    def _choose(message: Message, service: dict[str, Any], able: list[str]) -> None:
        """Record the chosen sender. It must reach the person, and be the person's earlier sender if there is one."""
        chosen = message["chosen"]
        assert chosen in able
        known = service["known"].get(message["to"])
        assert known is None or known not in able or chosen == known
        if known is None:
            service["known"][message["to"]] = chosen
        message["from_"] = chosen

    def cost(self, message: Message) -> Decimal:
        """Return the price of a message."""
        if channel(message["to"]):
            return CHANNEL
        if message["media"]:
            return MMS
        return message["parts"] * (
            INBOUND if message["direction"] == "inbound" else self.prices[country(message["to"])]
        )

    def _report(self, message: Message, status: str | None) -> None:
        """Report a status to the app. None means that no other status will follow, so waiting reports are sent."""
        script = message["script"]
        if status in REPORTED and message["callback"]:
            message["waiting"].append(status)
        order = script.get("order", ())
        over = status is None or status not in MOVES
        while True:
            # If no other status will follow, a report waits only for other waiting reports.
            awaited = set(message["waiting"]) if over else REPORTED - message["gone"]
            ready = [
                each
                for each in message["waiting"]
                if each not in order or awaited.isdisjoint(order[: order.index(each)])
            ]
            if not ready:
                break
            message["waiting"].remove(ready[0])
            message["gone"].add(ready[0])
            if ready[0] not in script.get("drop", ()):
                times = 2 if ready[0] in script.get("duplicate", ()) else 1
                self.told += [(message["number"], ready[0], self.now)] * times

    # People

    def hear(self, account: str, person: str, ours: str, body: str) -> Message:
        """Receive a person's message, with all effects except those of the app's response."""
        message = self.message(
            account, direction="inbound", to=ours, from_=person, body=body, status="receiving",
            service=self.service_of(account, ours), sent=self.now,
        )  # fmt: skip
        if channel(ours):
            self.last_heard[account, person, ours] = self.now
        elif ours.startswith("+") and body in ("STOP", "stop", "START"):
            key = self.key(account, person, ours, message["service"])
            (self.opted_out.discard if body == "START" else self.opted_out.add)(key)
        return message

    def heard(self, message: Message) -> None:
        """Record the app's response."""
        message["price"] = message["charged"] = -self.cost(message)
        message |= {"status": "received", "updated": self.now}
        message["history"].append(("received", self.now))

    # The visible state

    def listed(self, account: str, **filters: Any) -> list[Message]:
        """Return the messages of a list, filtered naively, newest first."""

        def fits(message: Message) -> bool:
            sent = message["sent"] and message["sent"].replace(microsecond=0)
            day, before, after = (filters.get(name) for name in ("day", "before", "after"))
            return (
                message["account"] == account
                and not message["deleted"]
                and filters.get("to") in (None, message["to"])
                and filters.get("from_") in (None, message["from_"])
                and (sent is not None or (day, before, after) == (None, None, None))
                and (day is None or sent.date() == day)
                and (before is None or sent <= before)
                and (after is None or sent >= after)
            )

        found = [each for each in self.messages if fits(each)]
        return sorted(found, key=lambda each: (each["sent"] or each["created"], each["number"]), reverse=True)

    def balance(self) -> Decimal:
        """Return the balance that the account and its sub-accounts have left."""
        return Decimal(100) + sum((each["charged"] or 0 for each in self.messages), Decimal())


def _use_up(rule: dict[str, Any]) -> None:
    if rule["left"] is not None:
        rule["left"] -= 1
