"""The steps of a webhook's delivery, for every kind of target: attempts, redirects and credentials."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Protocol, TypeAlias
from urllib.parse import urljoin

from pytest_whoosh.engine.hosts import split_url
from pytest_whoosh.engine.http import Request
from pytest_whoosh.engine.webhooks.callbacks import REDIRECTS, RetryPolicy, Webhook, WebhookError, retry_policy_of

from . import failures
from .credentials import authorization
from .encodings import decoded
from .exceptions import describe_exception
from .failures import AppResponse, DeliveryFailed
from .real_time import DEBUGGING, real_seconds


class Target(Protocol):
    """The receiver of webhooks at a URL: an app or a server."""

    def must_be_awaited(self, url: str) -> str | None:
        """Return why only ``asend`` works in an event loop, with ``{form}`` for the call; None if ``send`` works."""

    def send(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Send a request, and return the response. Just before, note on the webhook that the app was called."""

    async def asend(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Send a request inside an event loop, and return the response."""

    def close(self) -> None:
        """Shut down the app."""


#: A request, its target, and the retries and timeouts of its webhook.
Step: TypeAlias = tuple[Target, Request, RetryPolicy]
#: Yields each step, and receives the response or the failure. So synchronous and asynchronous code share the steps.
Steps: TypeAlias = Generator[Step, AppResponse, None]
_Redirects: TypeAlias = Generator[Step, AppResponse, AppResponse]


class Delivery:
    """Delivers webhooks step by step."""

    def __init__(self, target_of: Callable[[str], Target | None], now: Callable[[], timedelta]) -> None:
        self._target_of = target_of
        self._now = now
        #: How many real seconds the app has taken so far, while nobody debugged it.
        self._waited = 0.0

    def steps(self, webhook: Webhook, target: Target) -> Steps:
        """Yield the requests of a webhook, and record the result on it."""
        retry_policy = retry_policy_of(webhook.url)
        started = before = self._now()
        while True:
            webhook.attempts += 1
            policy = yield from self._attempt(webhook, target, retry_policy, before)
            if policy is None or webhook.attempts > retry_policy.retries or not retry_policy.retries_after(policy):
                break
            before = self._now()
            if max((before - started).total_seconds(), self._waited) >= retry_policy.total:
                break
        if retry_policy.problem:
            webhook.error = WebhookError(11243, retry_policy.problem)

    def _attempt(
        self, webhook: Webhook, target: Target, retry_policy: RetryPolicy, before: timedelta
    ) -> Generator[Step, AppResponse, str | None]:
        """Make one attempt that starts at ``before``. Return the retry policy of its failure, or None on success."""
        webhook.response_status = webhook.response_body = webhook.error = webhook.exception = None
        asked = webhook.request()
        try:
            response = yield from self._follow(asked, target, retry_policy)
            # Like the vendor, send the URL's user and password only after a 401.
            challenge = response.headers.get("www-authenticate")
            if response.status == 401 and (shown := authorization(asked, webhook.url, challenge)):
                headers = {**asked.headers, "Authorization": shown}
                again = Request(asked.method, asked.url, headers, asked.body)
                response = yield from self._follow(again, target, retry_policy)
            body = response.body if isinstance(response.body, bytes) else response.body.encode()
            body = decoded(body, response.headers.get("content-encoding"))
        except DeliveryFailed as failed:
            webhook.error = WebhookError(failed.code, failed.detail)
            webhook.exception = failed.exception
            if failed.code == 11200 and failed.policy == "5xx":
                webhook.response_status = 500
            return failed.policy
        took = (self._now() - before).total_seconds()
        if took > retry_policy.read:
            detail = f"the app took {took:g} seconds to answer, and {retry_policy.read:g} are allowed"
            webhook.error = WebhookError(11200, detail)
            return "rt"
        webhook.response_status = response.status
        webhook.response_body = body.decode("utf-8", "replace")
        webhook.response_type = response.headers.get("content-type")
        webhook.response_cookies = response.headers.get("set-cookie", "").splitlines()
        webhook.exception = response.exception
        webhook.unfinished = response.unfinished
        if response.status >= 400:
            webhook.error = WebhookError(11200, f"the app answered {response.status}{_why(webhook, response)}")
            return "4xx" if response.status < 500 else "5xx"
        return None

    def _follow(self, request: Request, target: Target, retry_policy: RetryPolicy) -> _Redirects:
        for _ in range(REDIRECTS + 1):
            response = yield from self._send(target, request, retry_policy)
            location = response.headers.get("location")
            if not 300 <= response.status < 400 or not location:
                return response
            try:
                url = urljoin(request.url, location)
                split_url(url)
                onward = self._target_of(url)
            except ValueError as problem:
                raise DeliveryFailed(11100, "all", f"the app redirected to {location!r}: {problem}") from problem
            if onward is None:
                return response
            target = onward
            keeps = response.status in (307, 308)
            request = Request(request.method if keeps else "GET", url, request.headers, request.body if keeps else None)
        raise DeliveryFailed(11215, "all", f"the app redirected more than {REDIRECTS} times")

    def _send(self, target: Target, request: Request, retry_policy: RetryPolicy) -> _Redirects:
        """Send one request, in what the earlier ones left of the vendor's longest timeout."""
        waited, debugged, started = self._waited, DEBUGGING.calls, real_seconds()
        if waited >= failures.LONGEST_WAIT:
            raise _took_too_long()
        try:
            return (yield target, request, retry_policy._replace(waited=waited) if waited else retry_policy)
        except DeliveryFailed as failed:
            if waited and failed.policy == "rt" and failures.LONGEST_WAIT - waited < retry_policy.read:
                raise _took_too_long() from failed
            raise
        finally:
            self._waited = waited + real_seconds() - started if DEBUGGING.calls == debugged else 0.0


def after_response(steps: Steps, response: AppResponse) -> Step | None:
    """Continue with a response; return the next step, or None."""
    try:
        return steps.send(response)
    except StopIteration:
        return None


def after_failure(steps: Steps, failed: DeliveryFailed) -> Step | None:
    """Continue with a failure; return the next step, or None."""
    try:
        return steps.throw(failed)
    except StopIteration:
        return None


def _took_too_long() -> DeliveryFailed:
    detail = f"the app's redirects and answers took longer than {failures.LONGEST_WAIT:g} seconds together"
    return DeliveryFailed(11200, "rt", detail)


def _why(webhook: Webhook, response: AppResponse) -> str:
    """Return why an app may have refused a webhook: the handler's exception, or the URL that was signed."""
    if response.exception:
        return f": it raised {describe_exception(response.exception)}"
    if response.status != 403:
        return ""
    script = webhook.message.script if webhook.message else None
    if script and script.forged:
        return ": the signature is wrong, as scripted"
    return f". If it refused the signature: {webhook.signed_url} was signed, with the account's auth token"
