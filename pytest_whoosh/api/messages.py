"""The Message resource: create, fetch, list, update and delete; and the feedback on a message.

See https://www.twilio.com/docs/messaging/api/message-resource and the vendor's Message Resource page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from itertools import islice
from typing import Final

from pytest_whoosh.engine.account import Account
from pytest_whoosh.engine.addresses import normalize
from pytest_whoosh.engine.callbacks import API_VERSION
from pytest_whoosh.engine.errors import ApiError, title_of
from pytest_whoosh.engine.http import Form, Response
from pytest_whoosh.engine.lifecycle import UNFINISHED, Status
from pytest_whoosh.engine.order import Order
from pytest_whoosh.engine.records import Message

from .forms import day_or_instant, one_of, param, parse
from .paging import Paging, envelope, read_paging
from .routing import Call, Reply, Routes
from .sending import draft_message

routes = Routes("/2010-04-01/Accounts/{account_sid}/Messages")

_ELEMENT: Final = "Message"
#: A message that is still on its way keeps its text: there is nothing to send without it.
_IN_FLIGHT: Final = frozenset({Status.ACCEPTED, Status.QUEUED, Status.SENDING, Status.SCHEDULED})


@routes.post("")
def create_message(call: Call) -> Reply | Response:
    """Send a message."""
    message, draft = draft_message(call.vendor, call.account, call.request.form)
    answer = call.vendor.send(call.account, message, draft.texts())
    if answer is not None:
        return answer
    return Reply(render_message(message), 201, message.sid, element=_ELEMENT)


@routes.get("/{message_sid}")
def fetch_message(call: Call, message_sid: str) -> Reply:
    """Fetch a message."""
    return Reply(render_message(_find(call, message_sid)), sid=message_sid, element=_ELEMENT)


@routes.post("/{message_sid}")
def update_message(call: Call, message_sid: str) -> Reply:
    """Redact a message that has run its course, or cancel one that is scheduled."""
    message = _find(call, message_sid)
    form = call.request.form
    update = _UPDATES.get(_asked(form))
    if update is None:
        raise ApiError(30400)
    update(call, message)
    return Reply(render_message(message), sid=message_sid, element=_ELEMENT)


def _asked(form: Form) -> tuple[str | None, str | None]:
    body, status = form.get("Body"), form.get("Status")
    return body[0] if body else None, status[0] if status else None


def _redact(call: Call, message: Message) -> None:
    if message.status in _IN_FLIGHT:
        raise ApiError(20009)
    if message.forgotten is None:
        message.forgotten, message.body = message.body, ""
        message.date_updated = call.vendor.now


def _cancel(call: Call, message: Message) -> None:
    if message.status is not Status.SCHEDULED:
        raise ApiError(30409)
    call.vendor.carrier.cancel(message)


#: What an update can ask for, as its Body and Status; everything else is refused with 30400.
_UPDATES: Final[dict[tuple[str | None, str | None], Callable[[Call, Message], None]]] = {
    ("", None): _redact,
    (None, "canceled"): _cancel,
}


@routes.delete("/{message_sid}")
def delete_message(call: Call, message_sid: str) -> Reply:
    """Delete a message that has run its course."""
    message = _find(call, message_sid)
    if message.status in UNFINISHED:
        raise ApiError(20009)
    call.account.remove(message)
    return Reply(None, 204, message_sid)


def _find(call: Call, sid: str) -> Message:
    message = call.account.find(sid)
    if message is None:
        raise ApiError(20404, {"path": call.request.path})
    return message


# Feedback


@dataclass(frozen=True, slots=True)
class CreateMessageFeedback:
    """The parameters of a feedback."""

    outcome: str = param("Outcome", one_of("confirmed", "unconfirmed"), default="confirmed")


@routes.post("/{message_sid}/Feedback")
def create_message_feedback(call: Call, message_sid: str) -> Reply:
    """Report whether the person acted on a message that was sent with ProvideFeedback."""
    message = _find(call, message_sid)
    if message.feedback is None:
        raise ApiError(20404, {"path": call.request.path})
    message.feedback = parse(CreateMessageFeedback, call.request.form).outcome
    return Reply(
        {
            "account_sid": message.account_sid,
            "message_sid": message.sid,
            "outcome": message.feedback,
            "date_created": _rfc2822(message.date_created),
            "date_updated": _rfc2822(call.vendor.now),
            "uri": f"{_uri(message)}/Feedback.json",
        },
        sid=message_sid,
        element="Feedback",
    )


# Lists


@dataclass(frozen=True, slots=True)
class ListMessage:
    """The filters of a list: each date with whether it is a bare one, which stands for the whole day."""

    date_sent: tuple[datetime, bool] | None = param("DateSent", day_or_instant)
    date_sent_before: tuple[datetime, bool] | None = param("DateSent<", day_or_instant)
    date_sent_after: tuple[datetime, bool] | None = param("DateSent>", day_or_instant)

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The moments between which the messages were sent, both inclusive; None for no bound."""
        least: datetime | None = None
        greatest: datetime | None = None
        if self.date_sent:
            least = self.date_sent[0].replace(hour=0, minute=0, second=0, microsecond=0)
            greatest = _end_of_day(least)
        if self.date_sent_after:
            after = self.date_sent_after[0]
            least = max(least, after) if least else after
        if self.date_sent_before:
            before, bare = self.date_sent_before
            before = _end_of_day(before) if bare else before
            greatest = min(greatest, before) if greatest else before
        return least, greatest


@routes.get("")
def list_message(call: Call) -> Reply:
    """A page of messages, newest first, filtered by To, From and DateSent."""
    paging = read_paging(call.request)
    filters = paging.filters
    order, others = _narrowest(call.account, filters)
    found = _messages(call.account, order, paging, *parse(ListMessage, filters).bounds())
    page = list(islice((message for message in found if others(message)), paging.size + 1))
    more = len(page) > paging.size
    page = page[: paging.size]
    if paging.backwards:
        page.reverse()
        more = True
    document = envelope("messages", paging, [render_message(message) for message in page], more=more)
    return Reply(document, element=_ELEMENT)


def _narrowest(account: Account, filters: Form) -> tuple[Order, Callable[[Message], bool]]:
    """The shortest order that holds every message that meets the address filters, and the rest of the test."""
    to, from_ = (_address(filters, name) for name in ("To", "From"))
    candidates = [account.order]
    if to:
        candidates.append(account.order_by_to.get(to) or Order())
    if from_:
        candidates.append(account.order_by_from.get(from_) or Order())
    return (
        min(candidates, key=len),
        lambda message: (not to or message.to == to) and (not from_ or message.from_ == from_),
    )


def _address(filters: Form, name: str) -> str | None:
    text = filters.get(name, [""])[0].strip()
    return (normalize(text) or text) if text else None


def _messages(
    account: Account, order: Order, paging: Paging, least: datetime | None, greatest: datetime | None
) -> Iterator[Message]:
    """The messages from where a page starts on, away from its start."""
    bounded = least is not None or greatest is not None
    newest = order.until(greatest) if greatest else order.end
    oldest = order.since(least) if least else 0
    if paging.sid:
        message = account.messages.get(paging.sid)
        if message is None:
            raise ApiError(20422)
        if paging.backwards:
            found = order.forwards(max(order.after(message.place), oldest), newest)
        else:
            found = order.backwards(min(order.before(message.place), newest), oldest)
    else:
        found = islice(order.backwards(newest, oldest), paging.page * paging.size, None)
    return (message for message in found if message.date_sent) if bounded else found


def _end_of_day(day: datetime) -> datetime:
    return day + timedelta(days=1) - timedelta(microseconds=1)


# JSON


def render_message(message: Message) -> dict[str, object]:
    """A message as the API shows it: exactly the documented keys, in the order in which the live API sends them."""
    uri = _uri(message)
    links = {"media": f"{uri}/Media.json"}
    if message.feedback:
        links["feedback"] = f"{uri}/Feedback.json"
    return {
        "body": message.body,
        "num_segments": str(message.num_segments),
        "direction": message.direction,
        "from": message.from_,
        "date_updated": _rfc2822(message.date_updated),
        "price": None if message.price is None else f"{message.price:.5f}",
        "error_message": None if message.error_code is None else title_of(message.error_code),
        "uri": f"{uri}.json",
        "account_sid": message.account_sid,
        "num_media": str(len(message.media_urls)),
        "to": message.to,
        "date_created": _rfc2822(message.date_created),
        "status": message.status.value,
        "sid": message.sid,
        "date_sent": message.date_sent and _rfc2822(message.date_sent),
        "messaging_service_sid": message.service and message.service.sid,
        "error_code": message.error_code,
        "price_unit": None if message.price is None else "USD",
        "api_version": API_VERSION,
        "subresource_uris": links,
    }


def _uri(message: Message) -> str:
    return f"/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"


@lru_cache(maxsize=256)
def _rfc2822(when: datetime) -> str:
    return format_datetime(when)
