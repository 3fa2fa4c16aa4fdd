"""The Message resource: creates, fetches, lists, updates and deletes messages, and records feedback on them.

See https://www.twilio.com/docs/messaging/api/message-resource and the vendor's Message Resource page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pytest_whoosh.api.dates import format_rfc2822
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.api.paging import envelope, read_paging
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form, Request, Response
from pytest_whoosh.engine.messages.lifecycle import UNFINISHED, Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.parameters import one_of, param
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .creating import draft_message
from .listing import find_messages

routes = Routes("/2010-04-01/Accounts/{account_sid}/Messages")

_ELEMENT: Final = "Message"
_FORM: Final = "application/x-www-form-urlencoded"
#: The content types that apps post by mistake.
_WRONG_CONTENT_TYPES: Final = frozenset({"application/json", "multipart/form-data"})


def _preview(call: Call) -> Message:
    """Return the message that a request asks for, without sending it."""
    return _draft_from(call)


def _draft_from(call: Call) -> Message:
    form = call.request.form
    if "From" not in form and "MessagingServiceSid" not in form:
        _require_form(call.request)
    return draft_message(call.vendor, call.account, form)


def _require_form(request: Request) -> None:
    """Refuse a JSON or multipart body, because no parameter can be read from it.

    Raises:
        ApiError: 12300, "Invalid Content-Type".
    """
    sent = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.body and sent in _WRONG_CONTENT_TYPES:
        raise ApiError(12300, why=f"Messages takes a form, {_FORM}; the app posted {sent}")


@routes.post("", preview=_preview)
def create_message(call: Call) -> ApiResult | Response:
    """Send a message."""
    message = _draft_from(call)
    answer = call.vendor.send(message, call.request)
    if answer is not None:
        return answer
    return ApiResult(render_new_message(message), 201, message.sid, element=_ELEMENT)


@routes.get("/{message_sid}")
def fetch_message(call: Call, message_sid: str) -> ApiResult:
    """Fetch a message."""
    return ApiResult(render_message(_message_or_404(call, message_sid)), sid=message_sid, element=_ELEMENT)


@routes.get("")
def list_message(call: Call) -> ApiResult:
    """List messages, newest first, filtered by To, From and DateSent."""
    paging = read_paging(call.request)
    page, more = find_messages(call.account, paging)
    document = envelope("messages", paging, [render_message(message) for message in page], more=more)
    return ApiResult(document, element=_ELEMENT)


@routes.post("/{message_sid}")
def update_message(call: Call, message_sid: str) -> ApiResult:
    """Redact a finished message, or cancel a scheduled one."""
    message = _message_or_404(call, message_sid)
    form = call.request.form
    update = _UPDATES.get(_requested_update(form))
    if update is None:
        raise ApiError(30400)
    update(call, message)
    return ApiResult(render_message(message), sid=message_sid, element=_ELEMENT)


def _requested_update(form: Form) -> tuple[str | None, str | None]:
    body, status = form.get("Body"), form.get("Status")
    return body[0] if body else None, status[0] if status else None


def _redact(call: Call, message: Message) -> None:
    if message.status in UNFINISHED:  # its text must still be sent
        raise ApiError(20009, status=400, message="Cannot redact this resource before it is complete")
    if message.original_body is None:
        message.original_body, message.body = message.body, ""
        message.date_updated = call.vendor.now


def _cancel(call: Call, message: Message) -> None:
    if message.status is not Status.SCHEDULED:
        raise ApiError(30409)
    call.vendor.carrier.cancel(message)


#: The possible updates, by Body and Status. Everything else is refused with 30400.
_UPDATES: Final[dict[tuple[str | None, str | None], Callable[[Call, Message], None]]] = {
    ("", None): _redact,
    (None, "canceled"): _cancel,
}


@routes.delete("/{message_sid}")
def delete_message(call: Call, message_sid: str) -> ApiResult:
    """Delete a finished message."""
    message = _message_or_404(call, message_sid)
    if message.status in UNFINISHED:
        raise ApiError(20009)
    call.account.remove(message)
    return ApiResult(None, 204, message_sid)


def _message_or_404(call: Call, sid: str) -> Message:
    message = call.account.find_message(sid)
    if message is None:
        raise call.not_found()
    return message


# Feedback


@dataclass(frozen=True, slots=True)
class CreateMessageFeedback:
    """The parameters of feedback on a message."""

    outcome: str = param("Outcome", one_of("confirmed", "unconfirmed"), default="confirmed")


@routes.post("/{message_sid}/Feedback")
def create_message_feedback(call: Call, message_sid: str) -> ApiResult:
    """Record if the person acted on a message that was sent with ProvideFeedback."""
    message = _message_or_404(call, message_sid)
    if message.feedback is None:
        refusal = call.not_found()
        refusal.why = f"{message_sid} was sent without provide_feedback=True, so it accepts no feedback"
        raise refusal
    message.feedback = read_form(CreateMessageFeedback, call.request.form).outcome
    return ApiResult(
        {
            "account_sid": message.account.sid,
            "message_sid": message.sid,
            "outcome": message.feedback,
            "date_created": format_rfc2822(message.date_created),
            "date_updated": format_rfc2822(call.vendor.now),
            "uri": f"{_uri(message)}/Feedback.json",
        },
        sid=message_sid,
        element="Feedback",
    )


# JSON


def render_message(message: Message) -> dict[str, object]:
    """Return a message as the API shows it: exactly the documented keys, in the live API's order.

    For the response that creates a message, use :func:`render_new_message`.
    """
    document = render_new_message(message)
    # The documentation's sample message has the status "sent" and no link to feedback. Recorded messages have the link.
    if message.status is not Status.SENT or message.feedback:
        uri = _uri(message)
        document["subresource_uris"] = {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"}
    return document


def render_new_message(message: Message) -> dict[str, object]:
    """Return a message as the API shows it on creation: without a link to feedback."""
    uri, created = _uri(message), format_rfc2822(message.date_created)
    is_new = message.date_updated is message.date_created
    return {
        "body": message.body,
        "num_segments": str(message.num_segments),
        "direction": message.direction,
        "from": message.from_,
        "date_updated": created if is_new else format_rfc2822(message.date_updated),
        "price": None if message.price is None else f"{message.price:.5f}",
        "error_message": message.error_message,
        "uri": f"{uri}.json",
        "account_sid": message.account.sid,
        "num_media": str(len(message.media_urls)),
        "to": message.shown_to,
        "date_created": created,
        "status": message.status,
        "sid": message.sid,
        "date_sent": message.date_sent and format_rfc2822(message.date_sent),
        "messaging_service_sid": message.service and message.service.sid,
        "error_code": message.error_code,
        "price_unit": None if message.price is None else "USD",
        "api_version": API_VERSION,
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _uri(message: Message) -> str:
    return f"/{API_VERSION}/Accounts/{message.account.sid}/Messages/{message.sid}"
