"""Answers the API requests of one double, wherever they come from."""

from collections.abc import Callable
from functools import partial
from threading import RLock

from pytest_whoosh.api import ROUTER
from pytest_whoosh.api.routing import dispatch, may_be_mocked
from pytest_whoosh.engine.concurrency import Concurrency
from pytest_whoosh.engine.http import Defer, Request, Response
from pytest_whoosh.engine.misuse import WhooshNotFakedError, is_usage_error
from pytest_whoosh.interception.threads import earlier_test
from pytest_whoosh.time.travel import Travel

__tracebackhide__ = is_usage_error


class ApiEntry:
    """Answers the API requests of one double. Every intercepted HTTP library and the server call it.

    It does not ask the double, because Python takes several times as long to find an attribute of a class that has
    ``__getattr__``.
    """

    __slots__ = ("_lock", "_not_faked", "_travel")

    def __init__(self, travel: Travel, lock: RLock, not_faked: list[WhooshNotFakedError]) -> None:
        self._travel = travel
        self._lock = lock
        self._not_faked = not_faked

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:
        """Answer one API request.

        Args:
            request: The request.
            later: Schedules a function for the moment at which the caller has the response. By default the function is
                called at once.
        """
        with self._lock:
            self._travel.follow_clock()
            vendor = self._travel.vendor
            try:
                return dispatch(vendor, ROUTER, request)
            except WhooshNotFakedError as error:
                if request.server is None:  # the client of a server gets the error as a response
                    self._not_faked.append(error)
                raise
            finally:
                if test := earlier_test():
                    vendor.record_origin(test)
                if concurrency := vendor.concurrency:
                    (later or _call_now)(partial(self._end_call, concurrency, request))

    def may_be_mocked(self, request: Request) -> bool:
        """True if the user's own mock may answer this request."""
        with self._lock:
            return may_be_mocked(self._travel.vendor, ROUTER, request)

    def _end_call(self, concurrency: Concurrency, request: Request) -> None:
        with self._lock:
            concurrency.finish(request)


def _call_now(done: Callable[[], None]) -> None:
    done()
