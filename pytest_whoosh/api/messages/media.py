"""The Media resource: lists, fetches and deletes a message's media files, and redirects to the files.

See https://www.twilio.com/docs/messaging/api/media-resource
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pytest_whoosh.api.cdn import signed_url
from pytest_whoosh.api.dates import format_rfc2822, parse_day_or_moment
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.api.paging import list_result
from pytest_whoosh.api.routing import HEADERS, ApiResult, Call, Routes
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Response
from pytest_whoosh.engine.messages.record import Media, Message
from pytest_whoosh.engine.parameters import param
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

routes = Routes("/2010-04-01/Accounts/{account_sid}/Messages/{message_sid}/Media")

_ELEMENT: Final = "Media"
#: A redirect has no body, so it has no Content-Type.
_REDIRECT_HEADERS: Final = {name: value for name, value in HEADERS.items() if name != "Content-Type"}


@dataclass(frozen=True, slots=True)
class ListMedia:
    """The filters of a list. A date without a time is midnight, except ``DateCreated``, which names a whole day."""

    date_created: tuple[datetime, bool] | None = param("DateCreated", parse_day_or_moment)
    date_created_before: tuple[datetime, bool] | None = param("DateCreated<", parse_day_or_moment)
    date_created_after: tuple[datetime, bool] | None = param("DateCreated>", parse_day_or_moment)

    def matches(self, media: Media) -> bool:
        """True if a media file's creation date meets the filters."""
        created = media.date_created.replace(microsecond=0)  # as the API shows whole seconds
        if self.date_created and created.date() != self.date_created[0].date():
            return False
        if self.date_created_before and created > self.date_created_before[0]:
            return False
        return not self.date_created_after or created >= self.date_created_after[0]


@routes.get("")
def list_media(call: Call, message_sid: str) -> ApiResult:
    """List a message's media, in the order in which the message has them."""
    form = read_form(ListMedia, call.request.query)
    message = _message_or_404(call, message_sid)
    return list_result(
        call, "media_list", message.media, render_media, element=_ELEMENT, matches=form.matches, newest_first=False
    )


@routes.get("/{sid}")
def fetch_media(call: Call, message_sid: str, sid: str) -> ApiResult | Response:
    """Fetch the description of a media file. Without an extension in the path, redirect to the file."""
    media = _media_or_404(call, message_sid, sid)
    if not call.extension:
        location = signed_url(call.vendor, call.request, _message_or_404(call, message_sid), media)
        return Response(307, {**_REDIRECT_HEADERS, "Location": location})
    return ApiResult(render_media(media), sid=sid, element=_ELEMENT)


@routes.head("/{sid}")
def head_media(call: Call, message_sid: str, sid: str) -> ApiResult | Response:
    """Redirect to the file. HEAD does not return the description."""
    if call.extension:
        raise ApiError(20004)
    return fetch_media(call, message_sid, sid)


@routes.delete("/{sid}")
def delete_media(call: Call, message_sid: str, sid: str) -> ApiResult:
    """Delete a media file. The message stays."""
    _media_or_404(call, message_sid, sid)
    _message_or_404(call, message_sid).media.remove(sid)
    return ApiResult(None, 204, sid)


def _message_or_404(call: Call, sid: str) -> Message:
    message = call.account.find_message(sid)
    if message is None:
        raise call.not_found()
    return message


def _media_or_404(call: Call, message_sid: str, sid: str) -> Media:
    media = _message_or_404(call, message_sid).media.get(sid)
    if media is None:
        raise call.not_found()
    return media


def render_media(media: Media) -> dict[str, object]:
    """Return a media file as the API shows it."""
    return {
        "account_sid": media.account_sid,
        "content_type": media.file.content_type,
        "date_created": format_rfc2822(media.date_created),
        "date_updated": format_rfc2822(media.date_updated),
        "parent_sid": media.parent_sid,
        "sid": media.sid,
        "uri": f"/{API_VERSION}/Accounts/{media.account_sid}/Messages/{media.parent_sid}/Media/{media.sid}.json",
    }
