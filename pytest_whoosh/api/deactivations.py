"""The Deactivations resource: a daily report of the numbers that United States carriers deactivated.

See https://www.twilio.com/docs/messaging/api/deactivations-resource
"""

import hashlib
import hmac
import re
from datetime import date
from urllib.parse import urlencode

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Response
from pytest_whoosh.engine.limits import OLDEST_REPORT, REPORT_URL_LIFETIME
from pytest_whoosh.engine.vendor import Vendor

from .routing import ApiResult, Call, Routes

routes = Routes("/v1/Deactivations")


@routes.get("")
def fetch_deactivation(call: Call) -> ApiResult:
    """Fetch the URL of a day's report."""
    day = _report_day(call.request.query.get("Date", [""])[0], call.vendor.now.date())
    expires = str(int((call.vendor.steady + REPORT_URL_LIFETIME).timestamp()))
    query = urlencode({"Expires": expires, "Signature": _signature(call.vendor, day, expires)})
    location = f"{call.request.origin}{call.request.path}/{day}.txt?{query}"
    return ApiResult({"redirect_to": location}, 307, headers={"Location": location})


def _report_day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise ApiError(30115)
    if day >= today:
        raise ApiError(30114)
    if day < today - OLDEST_REPORT:
        raise ApiError(30113)
    return day


@routes.get("/{file}", signed=True)
def read_deactivations(call: Call, file: str) -> Response:
    """Return a day's report, with one number per line. Until its URL expires, no credentials are needed."""
    query = call.request.query
    expires, signature = (query.get(name, [""])[0] for name in ("Expires", "Signature"))
    day = file.removesuffix(".txt")
    if not hmac.compare_digest(signature.encode(), _signature(call.vendor, day, expires).encode()):
        raise ApiError(20403)
    if call.vendor.steady.timestamp() > int(expires):
        raise ApiError(20403, message="Request has expired")
    numbers = sorted(call.vendor.deactivated.get(date.fromisoformat(day), ()))
    report = "".join(f"{number.removeprefix('+')}\n" for number in numbers)
    return Response(200, {"Content-Type": "text/plain"}, report)


def _signature(vendor: Vendor, day: object, expires: str) -> str:
    key = vendor.settings.auth_token.encode()
    return hmac.new(key, f"{day}:{expires}".encode(), hashlib.sha256).hexdigest()
