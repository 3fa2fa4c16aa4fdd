"""The base class of the parts of ``Whoosh``: a double's state, and the steps that its methods share."""

from threading import RLock
from typing import Final

from pytest_whoosh.delivery.courier import Courier
from pytest_whoosh.engine.addresses import AddressKind, address_kind, parse_address
from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.settings import Settings
from pytest_whoosh.engine.vendor import Vendor
from pytest_whoosh.time.travel import Travel
from pytest_whoosh.views import Message

__tracebackhide__ = is_usage_error

_ENDED: Final = (
    "This Whoosh double has ended: you can still read what happened, but not act on it. "
    "Act before the test that uses the whoosh fixture ends, or inside `with Whoosh() as whoosh:`."
)

#: The kinds of sender with exactly one spelling.
_SPELLED_ONE_WAY: Final = frozenset({AddressKind.SHORT_CODE, AddressKind.ALPHA, AddressKind.SIM})


class Double:
    """A double's state, and the steps that its methods share. ``Whoosh`` sets the attributes."""

    settings: Settings
    #: True from the start of the double to its end.
    _active: bool
    #: Held while the account changes or time moves.
    _lock: RLock
    #: The fake vendor. A reset replaces it.
    _vendor: Vendor
    _travel: Travel
    _courier: Courier

    def _current_vendor(self) -> Vendor:
        """Return the fake vendor after updating its time, so a record that a test adds gets the current date."""
        self._require_active()
        with self._lock:
            self._travel.follow_clock()
        return self._vendor

    def _begin_action(self) -> None:
        """Require an active double and catch up with its clock, before the test changes something."""
        self._require_active()
        self._catch_up()

    def _require_active(self) -> None:
        if self._vendor and not self._active:
            raise WhooshError(_ENDED)

    def _catch_up(self) -> None:
        self._travel.catch_up()

    def _record(self, message: object, method: str) -> Record:
        """Return the record of a message. ``message`` may be a Message, a SID or an object of the SDK."""
        if isinstance(message, Message) and isinstance(message._record, Record):
            return message._record
        sid = getattr(message, "sid", message)
        if not isinstance(sid, str):
            raise TypeError(
                f"{method}() takes a message of whoosh.assert_sent(...), whoosh.outbox or the SDK, or its SID; "
                f"not {message!r}."
            )
        accounts = self._vendor.accounts.values()
        found = next((record for each in accounts if (record := each.messages.get(sid))), None)
        if found is None:
            raise WhooshError(
                f"{method}(): no message has the SID {sid!r}. Pass a message that whoosh.assert_sent(...) returned."
            )
        return found

    @staticmethod
    def _address(sender: str) -> str:
        address = parse_address(sender)
        if address is None and isinstance(sender, str) and address_kind(sender) in _SPELLED_ONE_WAY:
            address = sender
        if address is None:
            for name in ("phone_number", "short_code", "address"):
                if isinstance(known := getattr(sender, name, None), str):
                    raise TypeError(f"A sender is passed as its address: write {known!r}, not the record.")
            raise ValueError(
                f'A sender must be a phone number such as "+15557122661", a short code, an alphanumeric sender of at '
                f"most 11 characters, or a channel address; not {sender!r}."
            )
        return address

    @staticmethod
    def _person(number: str) -> str:
        address = parse_address(number)
        if address is None:
            raise ValueError(
                f'A person must be a phone number such as "+15558675310", or a channel address; not {number!r}.'
            )
        return address
