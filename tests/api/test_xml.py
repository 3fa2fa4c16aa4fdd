"""The 2010 API in XML, for paths with the extension ``.xml`` or without an extension.

See https://www.twilio.com/docs/usage/twilios-response
"""

from xml.etree import ElementTree as ET

import pytest
import requests

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

from .conftest import HOST, SEND, Api


def as_tree(response: requests.Response) -> tuple[str, dict[str, str], object]:
    """Return a document as tag, attributes and content: a text, or the inner elements."""
    return _tree(ET.fromstring(response.content))


def _tree(element: ET.Element) -> tuple[str, dict[str, str], object]:
    return element.tag, element.attrib, [_tree(child) for child in element] or element.text


@pytest.mark.parametrize("extension", ["", ".xml"])
def test_a_message_is_created_and_fetched_in_xml(noon: None, whoosh: Whoosh, api: Api, extension: str) -> None:
    created = api.call("POST", api.path() + extension, data={**SEND, "Body": "<&> \x00 “Hi”\r\nthere"})
    sid = whoosh.outbox[0].sid

    fetched = api.call("GET", api.path(f"/{sid}") + extension)

    assert (created.status_code, fetched.status_code) == (201, 200)
    assert created.headers["Content-Type"] == fetched.headers["Content-Type"] == "application/xml"
    assert created.headers["Twilio-Request-Id"] == "RQ" + sid[2:]
    assert [tag for tag, _, _ in as_tree(fetched)[2][0][2][-1][2]] == ["Media", "Feedback"]
    assert as_tree(created) == (
        "TwilioResponse",
        {},
        [
            (
                "Message",
                {},
                [
                    ("Body", {}, "<&>  “Hi”\nthere"),
                    ("NumSegments", {}, "1"),
                    ("Direction", {}, "outbound-api"),
                    ("From", {}, SENDER),
                    ("DateUpdated", {}, "Sat, 15 Jun 2030 12:00:00 +0000"),
                    ("Price", {}, None),
                    ("ErrorMessage", {}, None),
                    ("Uri", {}, api.path(f"/{sid}")),
                    ("AccountSid", {}, whoosh.account_sid),
                    ("NumMedia", {}, "0"),
                    ("To", {}, PERSON),
                    ("DateCreated", {}, "Sat, 15 Jun 2030 12:00:00 +0000"),
                    ("Status", {}, "queued"),
                    ("Sid", {}, sid),
                    ("DateSent", {}, None),
                    ("MessagingServiceSid", {}, None),
                    ("ErrorCode", {}, None),
                    ("PriceUnit", {}, None),
                    ("ApiVersion", {}, "2010-04-01"),
                    ("SubresourceUris", {}, [("Media", {}, f"{api.path(f'/{sid}')}/Media")]),
                ],
            )
        ],
    )
    assert created.text.startswith("<?xml version='1.0' encoding='UTF-8'?>")


def test_a_list_has_its_paging_in_attributes(api: Api) -> None:
    sids = [api.create({**SEND, "Body": body}).json()["sid"] for body in ("1", "2", "3")]

    response = api.call("GET", f"{api.path()}.xml?PageSize=1&Page=1&PageToken=PA{sids[2]}&To=%2B15558675310")

    base = f"{api.path()}.xml?To=%2B15558675310&PageSize=1"
    [page] = ET.fromstring(response.content)
    assert (page.tag, page.attrib) == (
        "Messages",
        {
            "page": "1",
            "pagesize": "1",
            "uri": f"{base}&Page=1&PageToken=PA{sids[2]}",
            "firstpageuri": f"{base}&Page=0",
            "previouspageuri": f"{base}&Page=0&PageToken=PB{sids[1]}",
            "nextpageuri": f"{base}&Page=2&PageToken=PA{sids[1]}",
            "start": "1",
            "end": "1",
        },
    )
    assert [(message.tag, message.findtext("Sid")) for message in page] == [("Message", sids[1])]


def test_the_pages_link_to_one_another_in_xml(api: Api) -> None:
    sids = [api.create({**SEND, "Body": body}).json()["sid"] for body in ("1", "2", "3")]

    found, uri = [], f"{api.path()}.xml?PageSize=2"
    while uri:
        [page] = ET.fromstring(api.call("GET", uri).content)
        found += [message.findtext("Sid") for message in page]
        uri = page.attrib["nextpageuri"]

    assert found == sids[::-1]


@pytest.mark.parametrize("extension", ["", ".xml"])
def test_an_error_is_an_exception_in_xml(api: Api, extension: str) -> None:
    response = api.call("POST", api.path() + extension, data={"To": PERSON})

    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/xml")
    assert as_tree(response) == (
        "TwilioResponse",
        {},
        [
            (
                "RestException",
                {},
                [
                    ("Code", {}, "21603"),
                    ("Message", {}, "A 'From' or 'MessagingServiceSid' parameter is required to send a message"),
                    ("MoreInfo", {}, "https://www.twilio.com/docs/errors/21603"),
                    ("Status", {}, "400"),
                ],
            )
        ],
    )


def test_missing_credentials_are_refused_in_xml(whoosh: Whoosh) -> None:
    response = requests.get(f"{HOST}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.xml")

    [error] = ET.fromstring(response.content)
    assert (response.status_code, error.findtext("Code"), error.findtext("Message")) == (
        401,
        "20003",
        "Authentication Error - No credentials provided",
    )


def test_an_unknown_message_is_not_found_in_xml(api: Api) -> None:
    path = f"{api.path('/SM123')}.xml"

    response = api.call("GET", path)

    [error] = ET.fromstring(response.content)
    assert (response.status_code, error.findtext("Message")) == (404, f"The requested resource {path} was not found")


def test_updates_and_deletions_answer_in_xml(whoosh: Whoosh, api: Api) -> None:
    sid = api.create(SEND).json()["sid"]
    whoosh.settle()

    updated = api.call("POST", f"{api.path(f'/{sid}')}.xml", data={"Body": ""})
    deleted = api.call("DELETE", f"{api.path(f'/{sid}')}.xml")

    [message] = ET.fromstring(updated.content)
    assert (updated.status_code, message.findtext("Body"), message.findtext("Status")) == (200, "", "delivered")
    assert (deleted.status_code, deleted.content) == (204, b"")


def test_feedback_answers_in_xml(api: Api) -> None:
    sid = api.create({**SEND, "ProvideFeedback": "true"}).json()["sid"]

    response = api.call("POST", api.path(f"/{sid}/Feedback"), data={"Outcome": "confirmed"})

    [feedback] = ET.fromstring(response.content)
    assert (response.status_code, feedback.tag, feedback.findtext("Outcome")) == (200, "Feedback", "confirmed")
