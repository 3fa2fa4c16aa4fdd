"""The double, and what a test could use in its place, each active for a round at a time."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import count
from unittest import mock

import requests
import responses
from twilio.rest import Client

from pytest_whoosh import Whoosh

from .calls import RECIPIENT, SENDER, auth, body, messages_url
from .measuring import Side

Run = Callable[[], object]


def through_the_sdk(*_: object) -> Run:
    """Return a function that sends a message through the vendor's SDK, with a text of its own each time."""
    client, numbers = Client(), count()
    return lambda: client.messages.create(to=RECIPIENT, from_=SENDER, body=body(next(numbers)))


def double(run: Callable[[Whoosh], Run], **settings: object) -> Side:
    stack = ExitStack()
    return Side(lambda: run(stack.enter_context(Whoosh(**settings))), stack.close)


def static_mock(run: Callable[[], Run]) -> Side:
    """Return a mock by hand with the library ``responses``: a static response, and credentials for the SDK.

    The answer is one of the double's. Both sides read it, and the mock keeps its log of calls as it always does.
    """
    with Whoosh() as whoosh:
        Client().messages.create(to=RECIPIENT, from_=SENDER, body="Hi there")
        url = messages_url(whoosh)
        document = requests.get(url, auth=auth(whoosh)).json()["messages"][0]
        credentials = {name: os.environ[name] for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")}
    stack = ExitStack()

    def start() -> Run:
        stack.enter_context(mock.patch.dict(os.environ, credentials))
        static = stack.enter_context(responses.RequestsMock())
        static.post(url, json=document, status=201)
        return run()

    return Side(start, stack.close)


HAS_MOTO = find_spec("moto") is not None and find_spec("boto3") is not None
WITHOUT_MOTO = 'Without moto: pip install "pytest-whoosh[benchmarks]" adds the comparison with it.'


def moto() -> Side:
    """moto's SNS, to which a text message is published with boto3."""
    import boto3
    from moto import mock_aws

    stack = ExitStack()

    def start() -> Run:
        stack.enter_context(mock_aws())
        client = boto3.client("sns", region_name="us-east-1")
        return lambda: client.publish(PhoneNumber=RECIPIENT, Message="Hi there")

    return Side(start, stack.close)


def empty_moto() -> Run:
    from moto import mock_aws

    def run() -> None:
        with mock_aws():
            pass

    return run
