"""Valid and invalid requests that schemathesis generates from the published descriptions.

It runs where schemathesis is installed and the descriptions are found; see ``tests/api/test_openapi.py``.
"""

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.api.test_openapi import SCOPE, Operation, mistakes, operations, read_document

from .documents import read_json, require_documented
from .endpoints import ENDPOINTS, House, furnished

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis, which .ci/run installs")

SENDING = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "create_message")
EXAMPLES = int(os.environ.get("WHOOSH_DEEP", "15"))


def lead(case: Any, house: House) -> None:
    """Point a call to existing resources: the account, and the resources that it owns."""
    known = house.values
    here = {
        "AccountSid": house.whoosh.account_sid,
        "Messages": known["messages.messages"]["message_sid"],
        "Media": known["messages.media"]["sid"],
        "Services": known["services.services"]["service_sid"],
        "MessagingServices": known["services.services"]["service_sid"],
        "MessagingService": known["services.services"]["service_sid"],
        "Domains": known["link_shortening"]["domain_sid"],
        "Content": known["content"]["sid"],
        "IncomingPhoneNumbers": known["numbers"]["sid"],
        "ShortCodes": known["short_codes"]["sid"],
        "Applications": known["applications"]["sid"],
    }
    for before, name in re.findall(r"([^/]+)/\{(\w+)\}", case.operation.path):
        if found := here.get(name) or here.get(before):
            case.path_parameters[name] = found


def require_fitting(operation: Operation, answer: Any) -> None:
    """Require a documented response. A success must fit the schema of the description."""
    require_documented(None, answer.status_code, answer.headers.get("content-type", [None])[0], answer.content)
    status, schema = operation.answer()
    if answer.status_code == status and schema is not None:
        assert mistakes(operation.document, schema, read_json(answer.content)) == []


def fuzz(operation: Operation, server: str, cases: Any) -> None:
    """Call an operation with requests that schemathesis generates from its description."""

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        derandomize="WHOOSH_DEEP" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def run(case: Any) -> None:
        with furnished(credentials="exact") as house:  # else any word opens an account
            lead(case, house)

            answer = case.call(base_url=server, headers={"Authorization": house.authorization}, allow_redirects=False)

            require_fitting(operation, answer)
            assert house.call(SENDING).status == 201

    run()


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("document", SCOPE)
def test_every_generated_request_is_answered(document: str, mode: str) -> None:
    described = schemathesis.openapi.from_dict(read_document(document))
    known = {(each.method, each.url): each for each in operations(document) if re.search(SCOPE[document], each.url)}
    for result in described.get_all_operations():
        described_operation = result.ok()
        server = read_document(document)["paths"][described_operation.path]["servers"][0]["url"]
        operation = known.get((described_operation.method, server + described_operation.path))
        if operation:
            fuzz(operation, server, described_operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
