"""Ends an app's call that takes longer than the vendor waits, on a clock that runs while time is frozen.

An app runs in the test's own thread, to which Django's transactions and thread-local objects belong. So a second
thread, the watchdog, raises an exception in the first one:

* In the main thread, a signal's handler raises it. This also ends waiting: for a lock, a socket, or ``time.sleep()``.
* In other threads, and on Windows, Python raises it before the thread's next line. A thread that waits for a lock has
  no next line, so nothing ends it.

The watchdog runs only while apps are called, and a little longer: the next call then need not start it again. It does
not end a call that is being debugged.
"""

import _thread
import os
import signal
import sys
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from contextlib import suppress
from threading import main_thread
from time import sleep
from types import BuiltinFunctionType, FrameType
from typing import Any, Final, TypeVar

from . import failures
from .exceptions import is_app_error, line_of
from .failures import EndlessResponse, Overdue
from .real_time import DEBUGGING, real_seconds

R = TypeVar("R")

#: The time after which a call that caught the exception gets another one, in seconds.
AGAIN: Final = 1.0
#: The seconds between two looks of the watchdog, and the number of looks without a call after which it ends.
_PAUSE: Final = 0.25
_IDLE_LOOKS: Final = 4
#: A signal that hardly any program uses. Operations that must not be interrupted delay it, as they delay Ctrl-C.
_SIGNAL: Final[int] = int(getattr(signal, "SIGVTALRM", 0))
# The C functions of the module. They are faster because they do not convert numbers and handlers to enum members.
_IN_C: Final[Any] = sys.modules.get("_signal", signal)
_DEFAULT: Final = int(signal.SIG_DFL)
#: The old name of ``start_new_thread``, which this package patches while a double is active.
_start_thread: Final[Any] = getattr(_thread, "start_new", _thread.start_new_thread)
#: False if gevent or eventlet has replaced threads: the watchdog would then stand still while the app blocks.
_HAS_THREADS: Final = isinstance(_start_thread, BuiltinFunctionType)
#: The top-level modules of debuggers. One of them is on the stack while somebody debugs the app.
_DEBUGGERS: Final = frozenset({"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "pudb", "IPython"})


class _Watch:
    """The calls that are running, and the state of the watchdog.

    There is no lock: an interrupt of the test could leave it locked.
    """

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Forget everything, in the child of a fork: it has no watchdog."""
        self.calls: dict[_Call, None] = {}
        self.is_running = False
        #: The time of the watchdog's last look. If that is long ago, it has died: an interpreter may end a thread
        #: at any time.
        self.looked = 0.0
        #: A lock that is released to wake the watchdog.
        self.bell = allocate_lock()
        self.bell.acquire()
        #: The number of signals that were sent, and of those that have arrived.
        self.sent = 0
        self.arrived = 0


class _Call:
    """A call of an app, from its start until it is over or was ended."""

    __slots__ = ("_has_left", "_installed", "_thread", "_token", "_uses_signal", "due", "is_overdue", "place", "wake")

    def __init__(self, seconds: float, wake: Callable[[], object] | None) -> None:
        self.due = real_seconds() + seconds
        self.wake = wake
        self.is_overdue = False
        #: The line of the app that was running when the time was over.
        self.place = ""
        self._thread = get_ident()
        self._uses_signal = self._installed = self._has_left = False
        #: Whoever takes the item may end the call: the watchdog, or the call itself.
        self._token = [True]

    def enter(self) -> None:
        """Add this call to those that the watchdog looks at."""
        if _SIGNAL and self._thread == main_thread().ident:
            handler = _IN_C.getsignal(_SIGNAL)
            if handler == _DEFAULT:
                self._installed = True
                _IN_C.signal(_SIGNAL, _on_signal)
            self._uses_signal = self._installed or handler is _on_signal
        _WATCH.calls[self] = None
        if not _WATCH.is_running or real_seconds() - _WATCH.looked > 4 * _PAUSE:
            with suppress(RuntimeError):  # the machine has no more threads
                _start_thread(_look_after_calls, ())
                _WATCH.is_running = True
                _WATCH.looked = real_seconds()

    def leave(self) -> None:
        """End the watch. No exception comes afterwards."""
        until = real_seconds() + AGAIN
        while not self._has_left and real_seconds() < until:
            try:
                self._has_left = self._token.pop()
            except IndexError:  # the watchdog has it, for a moment
                sleep(0.0001)
        _WATCH.calls.pop(self, None)
        if self.is_overdue and not self._uses_signal:
            _use_up_exceptions(self._thread)
        if self._installed:
            if self.is_overdue:
                until = real_seconds() + AGAIN
                while _WATCH.arrived < _WATCH.sent and real_seconds() < until:
                    sleep(0.001)
            if _WATCH.arrived >= _WATCH.sent:  # else the signal would end the process
                _IN_C.signal(_SIGNAL, _DEFAULT)
                self._installed = False

    def look(self, now: float) -> None:
        """End the call if its time is over. Called by the watchdog."""
        if now < self.due:
            return
        try:
            self._token.pop()
        except IndexError:  # the call is over
            return
        try:
            self._end(now)
        finally:
            self._token.append(True)

    def _end(self, now: float) -> None:
        frame = sys._current_frames().get(self._thread)
        if _is_debugged(frame):
            self.due = float("inf")
            DEBUGGING.calls += 1
            return
        self.due = now + AGAIN
        if not self.is_overdue:
            self.is_overdue = True
            self.place = line_of(frame, _is_ours)
        if self._uses_signal:
            _WATCH.sent += 1
            signal.pthread_kill(self._thread, _SIGNAL)
        else:
            _raise_in(self._thread)
        if self.wake:
            self.wake()

    @property
    def is_of_main_thread(self) -> bool:
        """True if a signal ends this call."""
        return self._uses_signal


_WATCH: Final = _Watch()


def call_bounded(
    function: Callable[..., R], *args: object, beyond: float = 0.0, wake: Callable[[], object] | None = None
) -> R:
    """Call a function of an app, and end it after the vendor's longest timeout.

    Args:
        function: The function.
        args: Its arguments.
        beyond: More seconds that it may take.
        wake: Called in another thread when the time is over, to make this thread execute a line of Python.

    Raises:
        EndlessResponse: The time was over.
    """
    if not _HAS_THREADS:
        return function(*args)
    call = _Call(failures.LONGEST_WAIT + beyond, wake)
    try:
        try:
            call.enter()
            result = function(*args)
        finally:
            call.leave()
    except BaseException as error:
        call.leave()  # the exception may have come while the call was being left
        if call.is_overdue and (isinstance(error, Overdue | BaseExceptionGroup) or is_app_error(error)):
            raise _endless(call) from None
        raise
    if call.is_overdue:
        raise _endless(call)
    return result


def _endless(call: _Call) -> EndlessResponse:
    where = f": it was at {call.place}" if call.place else ""
    return EndlessResponse(failures.NO_ANSWER.format(seconds=failures.LONGEST_WAIT) + where)


def _on_signal(_: int, __: FrameType | None) -> None:
    _WATCH.arrived += 1
    if any(call.is_overdue and call.is_of_main_thread for call in tuple(_WATCH.calls)):
        raise Overdue


def _look_after_calls() -> None:
    """Look at the calls from time to time: the watchdog's thread."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # signals are for the test's own threads
    watch, idle = _WATCH, 0
    while True:
        now, calls = real_seconds(), tuple(watch.calls.copy())
        watch.looked = now
        for call in calls:
            call.look(now)
        idle = 0 if calls else idle + 1
        if idle > _IDLE_LOOKS:
            watch.is_running = False
            if not watch.calls:  # else a call has just begun, and saw a watchdog that was running
                return
            watch.is_running = True
        pause = min([_PAUSE, *(max(call.due - now, 0.001) for call in calls)])
        if watch.bell.acquire(timeout=pause):
            idle = _IDLE_LOOKS


def _raise_in(thread: int) -> None:
    """Raise an exception in a thread before its next line."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Overdue))


def _use_up_exceptions(thread: int) -> None:
    """Receive an exception that is still waiting for this thread, and drop it.

    To take one back would slow the interpreter down for good: it would look for the exception again and again.
    """
    with suppress(Overdue):
        _raise_in(thread)  # instead of one that waits
        for _ in range(1000):
            sleep(0)


def _is_debugged(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code is call_bounded.__code__


def _before_fork() -> None:
    """End an idle watchdog: Python warns of a fork of a process with several threads."""
    if _WATCH.is_running and not _WATCH.calls:
        with suppress(RuntimeError):  # it was released already
            _WATCH.bell.release()
        until = real_seconds() + AGAIN
        while _WATCH.is_running and real_seconds() < until:
            sleep(0.001)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_WATCH.start_over)
