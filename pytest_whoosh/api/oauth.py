"""The Token resource of OAuth, version 2: an app exchanges its client ID and secret for an access token.

The ID and secret of an API key work as those of an OAuth app. See
https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token, and https://www.twilio.com/docs/api/errors/321402 for the
errors.
"""

from typing import Final

from pytest_whoosh.engine.account.tokens import LIFETIME
from pytest_whoosh.engine.errors import ApiError

from .routing import ApiResult, Call, Routes

routes = Routes("/v2")

_FIELDS: Final = ("grant_type", "client_id", "client_secret")


@routes.post("/token", signed=True)
def create_token(call: Call) -> ApiResult:
    """Create an access token."""
    form = call.request.form
    if form.keys().isdisjoint(_FIELDS):  # another content type, such as JSON
        raise ApiError(322403)
    grant_type, client_id, client_secret = (form.get(name, [""])[-1] for name in _FIELDS)
    if not client_id:
        raise ApiError(321402)
    if grant_type != "client_credentials":
        raise ApiError(321403)
    account = call.vendor.account_of_credentials(client_id, client_secret) if client_secret else None
    if account is None:
        raise ApiError(322402)
    return ApiResult(
        {
            "access_token": call.vendor.new_token(account),
            "id_token": None,
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "refresh_token": None,
        }
    )
