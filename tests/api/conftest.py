"""Plain HTTP requests to the fake, which the SDK cannot send."""

from collections.abc import Iterator
from dataclasses import dataclass

import freezegun
import pytest
import requests

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

HOST = "https://api.whoosh.totogi.solutions"
#: The parameters of a valid message.
SEND = {"To": PERSON, "From": SENDER, "Body": "Hi there"}


@dataclass(frozen=True)
class Api:
    """Plain HTTP requests to an account's Message resource."""

    whoosh: Whoosh

    def path(self, below: str = "") -> str:
        """Return the path of the account's messages, or of a subresource, without an extension."""
        return f"/2010-04-01/Accounts/{self.whoosh.account_sid}/Messages{below}"

    def call(self, method: str, path: str, **kwargs: object) -> requests.Response:
        kwargs.setdefault("auth", (self.whoosh.api_key, self.whoosh.api_secret))
        return requests.request(method, HOST + path, **kwargs)

    def create(self, data: object, **kwargs: object) -> requests.Response:
        return self.call("POST", self.path() + ".json", data=data, **kwargs)

    def get(self, below: str = "", **params: str) -> requests.Response:
        return self.call("GET", self.path(below) + ".json", params=params)

    def post(self, below: str, data: object = None) -> requests.Response:
        return self.call("POST", self.path(below) + ".json", data=data)

    def delete(self, below: str) -> requests.Response:
        return self.call("DELETE", self.path(below) + ".json")


@pytest.fixture
def api(whoosh: Whoosh) -> Api:
    return Api(whoosh)


@pytest.fixture
def noon() -> Iterator[None]:
    """Freeze the app's clock at noon on 15 June 2030. Request this before the whoosh fixture."""
    with freezegun.freeze_time("2030-06-15 12:00:00"):
        yield


def refusal(code: int, message: str, status: int = 400) -> dict[str, object]:
    """Return the whole document of an error."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more_info, "status": status}
