"""Finds the messages for a list request: by sender, by recipient, and by when they were sent.

See "Read multiple Message resources" at https://www.twilio.com/docs/messaging/api/message-resource
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pytest_whoosh.api.dates import Period, parse_day, parse_period
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.api.paging import Paging
from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.addresses import normalize_address
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.messages.order import MessageOrder
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.parameters import param


def _address(value: str) -> str:
    return normalize_address(value) or value.strip()


@dataclass(frozen=True, slots=True)
class ListMessage:
    """The filters of a list."""

    to: str | None = param("To", _address)
    from_: str | None = param("From", _address)
    date_sent: Period | None = param("DateSent", parse_day)
    date_sent_before: Period | None = param("DateSent<", parse_period)
    date_sent_after: Period | None = param("DateSent>", parse_period)

    @property
    def earliest(self) -> datetime | None:
        """The earliest moment of sending, inclusive; None for no bound."""
        return max((each.first for each in (self.date_sent, self.date_sent_after) if each), default=None)

    @property
    def latest(self) -> datetime | None:
        """The latest moment of sending, inclusive; None for no bound."""
        return min((each.last for each in (self.date_sent, self.date_sent_before) if each), default=None)


def find_messages(account: Account, paging: Paging) -> tuple[list[Message], bool]:
    """Return the messages on a page, newest first, and True if more follow.

    Raises:
        ApiError: a date is invalid, or no message ever had the SID in the page's token.
    """
    filters = read_form(ListMessage, paging.filters)
    order, matches = _shortest_order(account, filters)
    found = filter(matches, _page_start(account, order, paging, filters))
    skipped = 0 if paging.sid else paging.page * paging.size
    page = list(islice(found, skipped, skipped + paging.size + 1))
    more = len(page) > paging.size
    page = page[: paging.size]
    if paging.backwards:
        page.reverse()
        more = bool(page)  # at least the page after this one
    return page, more


def _shortest_order(account: Account, filters: ListMessage) -> tuple[MessageOrder, Callable[[Message], bool]]:
    """Return the shortest order with all messages that meet the filters, and a function for the remaining filters."""
    to, from_ = filters.to, filters.from_
    candidates = [account.order]
    if to:
        candidates.append(account.order_by_to[to])
    if from_:
        candidates.append(account.order_by_from[from_])
    dated = filters.earliest is not None or filters.latest is not None

    def matches(message: Message) -> bool:
        return (
            (not to or message.shown_to == to)
            and (not from_ or message.from_ == from_)
            and (not dated or message.date_sent is not None)
        )

    return min(candidates, key=len), matches


def _page_start(account: Account, order: MessageOrder, paging: Paging, filters: ListMessage) -> Iterator[Message]:
    """Iterate over the messages of an order from the start of a page, in the direction of paging."""
    newest = order.until(filters.latest) if filters.latest else order.end
    oldest = order.since(filters.earliest) if filters.earliest else 0
    if not paging.sid:
        return order.backwards(newest, oldest)
    message = account.messages.get(paging.sid)
    if message is None:
        raise ApiError(20422)
    if paging.backwards:
        return order.forwards(max(order.after(message), oldest), newest)
    return order.backwards(min(order.before(message), newest), oldest)
