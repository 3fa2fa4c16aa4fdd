"""The steps of a webhook's delivery: attempts, redirects and credentials, whoever answers."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Protocol, TypeAlias
from urllib.parse import urljoin

from pytest_whoosh.engine.hosts import split_url
from pytest_whoosh.engine.http import Request
from pytest_whoosh.engine.webhooks.callbacks import REDIRECTS, RetryPolicy, Webhook, WebhookError, retry_policy_of

from .credentials import authorization
from .encodings import decoded
from .exceptions import describe_exception
from .failures import Answer, DeliveryFailed


class Target(Protocol):
    """Whoever answers at a URL."""

    def must_be_awaited(self, url: str) -> str | None:
        """Return why inside an event loop only ``asend`` works, with ``{form}`` for what to write; None if both do."""

    def send(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Hand over a request, and wait for the answer."""

    async def asend(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Do the same inside an event loop."""

    def close(self) -> None:
        """Shut down what was started."""


#: A request with whom it is for.
Step: TypeAlias = tuple[Target, Request, RetryPolicy]
#: Yields each step; is sent the answer, or thrown the failure. So the same steps serve code that waits and code that
#: awaits.
Steps: TypeAlias = Generator[Step, Answer, None]
_Following: TypeAlias = Generator[Step, Answer, Answer]


class Delivery:
    """Delivers webhooks, one step after the other."""

    def __init__(self, target_of: Callable[[str], Target | None], now: Callable[[], timedelta]) -> None:
        self._target_of = target_of
        self._now = now

    def steps(self, webhook: Webhook, target: Target) -> Steps:
        """Yield the requests of a webhook, and write down what became of it."""
        retry_policy = retry_policy_of(webhook.url)
        started = before = self._now()
        while True:
            webhook.attempts += 1
            policy = yield from self._attempt(webhook, target, retry_policy, before)
            if policy is None or webhook.attempts > retry_policy.retries or not retry_policy.retries_after(policy):
                break
            before = self._now()
            if (before - started).total_seconds() >= retry_policy.total:
                break
        if retry_policy.problem:
            webhook.error = WebhookError(11243, retry_policy.problem)

    def _attempt(
        self, webhook: Webhook, target: Target, retry_policy: RetryPolicy, before: timedelta
    ) -> Generator[Step, Answer, str | None]:
        """Try once, beginning at ``before``; return the policy that the failure falls under, or None without one."""
        webhook.response_status = webhook.response_body = webhook.error = webhook.exception = None
        asked = webhook.request()
        try:
            response = yield from self._follow(asked, target, retry_policy)
            # As the vendor does, the URL's user and password are shown only once they are asked for.
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

    def _follow(self, request: Request, target: Target, retry_policy: RetryPolicy) -> _Following:
        for _ in range(REDIRECTS + 1):
            response = yield target, request, retry_policy
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


def sent(steps: Steps, answer: Answer) -> Step | None:
    """Go on with an answer; return the next step, if there is one."""
    try:
        return steps.send(answer)
    except StopIteration:
        return None


def thrown(steps: Steps, failed: DeliveryFailed) -> Step | None:
    """Go on with a failure; return the next step, if there is one."""
    try:
        return steps.throw(failed)
    except StopIteration:
        return None


def _why(webhook: Webhook, answer: Answer) -> str:
    """Return why an app may have refused a webhook: what its handler raised, or what a validator compares."""
    if answer.exception:
        return f": it raised {describe_exception(answer.exception)}"
    if answer.status != 403:
        return ""
    script = webhook.message.script if webhook.message else None
    if script and script.forged:
        return ": the signature is wrong, as scripted"
    return f". If it refused the signature: {webhook.signed_url} was signed, with the account's auth token"
