"""The keywords of the provisioning methods: equal to the declared properties, and checked as the API checks them."""

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.account import keywords, resources
from pytest_whoosh.engine.account.keywords import settable_names
from pytest_whoosh.engine.parameters import api_name, parameters_of

KEYWORDS = [
    (resources.PhoneNumber, keywords.NumberProperties),
    (resources.ShortCode, keywords.ShortCodeProperties),
    (resources.Application, keywords.ApplicationProperties),
    (resources.ChannelSender, keywords.ChannelSenderProperties),
    (resources.MessagingService, keywords.ServiceProperties),
    (resources.LinkDomain, keywords.LinkDomainProperties),
    (resources.VerifyService, keywords.VerifyServiceProperties),
]
#: The properties that methods take as positional parameters.
OWN = {resources.VerifyService: {"friendly_name", "code_length"}}


@pytest.mark.parametrize(("resource", "keyword"), KEYWORDS, ids=lambda each: each.__name__)
def test_the_keywords_of_a_resource_are_its_settable_properties(resource: type, keyword: type) -> None:
    assert set(get_type_hints(keyword)) == set(settable_names(resource)) - OWN.get(resource, set())


@pytest.mark.parametrize(("resource", "keyword"), KEYWORDS, ids=lambda each: each.__name__)
def test_a_keyword_has_the_type_of_its_property(resource: type, keyword: type) -> None:
    declared, offered = get_type_hints(resource), get_type_hints(keyword)

    for name in offered:
        assert _plain(declared[name]) - {type(None)} <= _plain(offered[name]), name


def test_the_statuses_of_an_approval_are_those_of_the_engine() -> None:
    assert get_args(keywords.ApprovalStatus) == resources.APPROVAL_STATUSES


def _plain(annotation: Any) -> set[type]:
    """Return the types in an annotation. For a literal, these are the types of its values."""
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*map(_plain, get_args(annotation)))
    if get_origin(annotation) is Literal:
        return {type(value) for value in get_args(annotation)}
    return {annotation}


@pytest.mark.parametrize(("resource", "keyword"), KEYWORDS, ids=lambda each: each.__name__)
def test_a_literal_keyword_lists_what_the_property_accepts(resource: type, keyword: type) -> None:
    rows = {row.field: row for row in parameters_of(resource)}

    for name, annotation in get_type_hints(keyword).items():
        if get_origin(annotation) is Literal:
            assert [rows[name].read(word) for word in get_args(annotation)] == list(get_args(annotation))


@pytest.mark.parametrize(
    ("name", "in_the_api"),
    [("sms_url", "SmsUrl"), ("voice_caller_id_lookup", "VoiceCallerIdLookup"), ("usecase", "Usecase")],
)
def test_a_property_has_its_name_in_the_api_from_its_name_in_python(name: str, in_the_api: str) -> None:
    assert api_name(name) == in_the_api


@pytest.mark.parametrize(
    ("properties", "error", "text"),
    [
        (
            {"sms_url": "nope"},
            ValueError,
            "sms_url='nope': sms_url takes an absolute URL such as \"https://app.example/sms\".",
        ),
        ({"sms_method": "PUT"}, ValueError, "sms_method='PUT': sms_method takes one of 'GET', 'POST'."),
        (
            {"sms_application_sid": "AP1"},
            ValueError,
            "sms_application_sid='AP1': sms_application_sid takes a SID: 'AP' followed by 32 hexadecimal digits.",
        ),
        ({"friendly_name": "x" * 65}, ValueError, None),
        ({"voice_caller_id_lookup": "yes"}, TypeError, None),
        ({"sms_url": 5}, TypeError, "sms_url=5: sms_url takes a text."),
        ({"sms_url": True}, TypeError, "sms_url=True: sms_url takes no boolean."),
        ({"sms_capable": 1}, TypeError, "sms_capable=1: sms_capable takes True or False."),
    ],
    ids=str,
)
def test_a_number_refuses_what_the_api_refuses(
    whoosh: Whoosh, properties: Any, error: type[Exception], text: str | None
) -> None:
    with pytest.raises(error) as refused:
        whoosh.add_number("+15557122661", **properties)

    assert text is None or str(refused.value) == text


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        (
            {"validity_period": 99999},
            "validity_period=99999: validity_period takes a whole number from 1 to 14400.",
        ),
        ({"status_callback": "app.example"}, None),
        ({"usecase": "spam"}, None),
    ],
    ids=str,
)
def test_a_service_refuses_what_the_api_refuses(whoosh: Whoosh, properties: Any, text: str | None) -> None:
    with pytest.raises(ValueError, match="takes") as refused:
        whoosh.add_messaging_service("Reminders", **properties)

    assert text is None or str(refused.value) == text


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_property_is_cleared(whoosh: Whoosh, empty: Any) -> None:
    number = whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

    whoosh.add_number("+15557122661", sms_url=empty, voice_url=empty)

    assert (number.sms_url, number.voice_url) == ("", "")
