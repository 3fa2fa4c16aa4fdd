"""The Account resource: accounts, sub-accounts, balances and API keys.

See https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/iam/api/subaccounts and
https://www.twilio.com/docs/iam/api-keys
"""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.account.account import Account, AccountStatus
from pytest_whoosh.engine.account.resources import ApiKey
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.parameters import friendly_name, one_of, param, text
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .dates import format_rfc2822
from .forms import read_changes, read_form
from .paging import list_result
from .routing import ApiResult, Call, Routes

routes = Routes("/2010-04-01/Accounts")

STATUSES: Final = ("active", "suspended", "closed")
#: The subresources of an account, by the names of their links in its document.
SUBRESOURCES: Final = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "transcriptions": "Transcriptions",
    "addresses": "Addresses",
    "signing_keys": "SigningKeys",
    "connect_apps": "ConnectApps",
    "sip": "SIP",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "usage": "Usage",
    "keys": "Keys",
    "applications": "Applications",
    "short_codes": "SMS/ShortCodes",
    "queues": "Queues",
    "messages": "Messages",
    "balance": "Balance",
}

_ELEMENT: Final = "Account"


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """The parameters of a new sub-account."""

    friendly_name: str | None = param("FriendlyName", friendly_name, invalid=20002)


@dataclass(frozen=True, slots=True)
class UpdateAccount:
    """The parameters of an update."""

    friendly_name: str = param("FriendlyName", friendly_name, invalid=20002, default="")
    status: AccountStatus = param("Status", one_of(*STATUSES), default="active")


@dataclass(frozen=True, slots=True)
class ListAccount:
    """The filters of a list."""

    friendly_name: str | None = param("FriendlyName", text)
    status: str | None = param("Status", one_of(*STATUSES))


@routes.post("")
def create_account(call: Call) -> ApiResult:
    """Create a sub-account. It has its own auth token, numbers, services and messages."""
    name = read_form(CreateAccount, call.request.form).friendly_name
    name = name or f"SubAccount Created at {call.vendor.now:%Y-%m-%d %I:%M %p}"
    account = call.vendor.new_account(call.account, name)
    return ApiResult(render_account(account), 201, account.sid, element=_ELEMENT)


@routes.get("")
def list_account(call: Call) -> ApiResult:
    """List the caller's account and its sub-accounts, newest first."""
    given = read_form(ListAccount, call.request.query)
    return list_result(
        call,
        "accounts",
        Collection(account for account in call.vendor.accounts.values() if call.account in (account, account.owner)),
        render_account,
        element=_ELEMENT,
        matches=lambda account: (
            given.friendly_name in (None, account.friendly_name) and given.status in (None, account.status)
        ),
    )


@routes.get("/{account_sid}", any_status=True)
def fetch_account(call: Call) -> ApiResult:
    """Fetch an account."""
    return ApiResult(render_account(call.account), sid=call.account.sid, element=_ELEMENT)


@routes.post("/{account_sid}", any_status=True)
def update_account(call: Call) -> ApiResult:
    """Rename an account; suspend, reactivate or close a sub-account. A closed account stays closed."""
    account = call.account
    properties = read_changes(UpdateAccount, call.request.form)
    if account.owner is None and properties.get("status", account.status) != account.status:
        raise ApiError(21477)
    if account.status == "closed" and properties.get("status", "closed") != "closed":
        raise ApiError(20005)
    return ApiResult(render_account(call.vendor.update(account, properties)), sid=account.sid, element=_ELEMENT)


@routes.get("/{account_sid}/Balance")
def fetch_balance(call: Call) -> ApiResult:
    """Fetch the balance. A sub-account spends its owner's balance."""
    return ApiResult(
        {"account_sid": call.account.sid, "balance": f"{call.vendor.balance(call.account):f}", "currency": "USD"},
        sid=call.account.sid,
        element="Balance",
    )


def render_account(account: Account) -> dict[str, object]:
    """Return an account as the API shows it."""
    uri = f"/{API_VERSION}/Accounts/{account.sid}"
    return {
        "auth_token": account.auth_token,
        "date_created": format_rfc2822(account.date_created),
        "date_updated": format_rfc2822(account.date_updated),
        "friendly_name": account.friendly_name,
        "owner_account_sid": (account.owner or account).sid,
        "sid": account.sid,
        "status": account.status,
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in SUBRESOURCES.items()},
        "type": "Full",
        "uri": f"{uri}.json",
    }


# Keys. SigningKeys is the old name for the same resource.


@routes.post("/{account_sid}/Keys")
@routes.post("/{account_sid}/SigningKeys")
def create_new_key(call: Call) -> ApiResult:
    """Create an API key. Only this response shows its secret."""
    key = call.vendor.new_key(call.account, **read_changes(ApiKey, call.request.form))
    return ApiResult({**render_key(key), "secret": key.secret}, 201, key.sid, element="Key")


@routes.get("/{account_sid}/Keys")
def list_key(call: Call) -> ApiResult:
    """List the API keys, newest first."""
    return list_result(call, "keys", call.account.keys, render_key, element="Key")


@routes.get("/{account_sid}/SigningKeys")
def list_signing_key(call: Call) -> ApiResult:
    """List the API keys, newest first."""
    return list_result(call, "signing_keys", call.account.keys, render_key, element="SigningKey")


@routes.get("/{account_sid}/Keys/{sid}")
@routes.get("/{account_sid}/SigningKeys/{sid}")
def fetch_key(call: Call, sid: str) -> ApiResult:
    """Fetch an API key."""
    return ApiResult(render_key(_key_or_404(call, sid)), sid=sid, element="Key")


@routes.post("/{account_sid}/Keys/{sid}")
@routes.post("/{account_sid}/SigningKeys/{sid}")
def update_key(call: Call, sid: str) -> ApiResult:
    """Rename an API key."""
    key = call.vendor.update(_key_or_404(call, sid), read_changes(ApiKey, call.request.form))
    return ApiResult(render_key(key), sid=sid, element="Key")


@routes.delete("/{account_sid}/Keys/{sid}")
@routes.delete("/{account_sid}/SigningKeys/{sid}")
def delete_key(call: Call, sid: str) -> ApiResult:
    """Delete an API key."""
    call.account.keys.remove(_key_or_404(call, sid).sid)
    return ApiResult(None, 204, sid)


def _key_or_404(call: Call, sid: str) -> ApiKey:
    key = call.account.keys.get(sid)
    if key is None:
        raise call.not_found()
    return key


def render_key(key: ApiKey) -> dict[str, object]:
    """Return an API key as the API shows it."""
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": format_rfc2822(key.date_created),
        "date_updated": format_rfc2822(key.date_updated),
    }
