"""Registration with carriers, which is not faked."""

from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

SERVICE = "MG" + "0" * 32
CAMPAIGN, BRAND, VERIFICATION = "QE" + "0" * 32, "BN" + "0" * 32, "HH" + "0" * 32


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        pytest.param(
            lambda v1: v1.services(SERVICE).us_app_to_person(CAMPAIGN).fetch(),
            f"/Services/{SERVICE}/Compliance/Usa2p/{CAMPAIGN}",
            id="a campaign",
        ),
        pytest.param(
            lambda v1: v1.services(SERVICE).us_app_to_person_usecases.fetch(),
            f"/Services/{SERVICE}/Compliance/Usa2p/Usecases",
            id="use cases",
        ),
        pytest.param(
            lambda v1: v1.brand_registrations(BRAND).fetch(), f"/a2p/BrandRegistrations/{BRAND}", id="a brand"
        ),
        pytest.param(
            lambda v1: v1.tollfree_verifications(VERIFICATION).fetch(),
            f"/Tollfree/Verifications/{VERIFICATION}",
            id="a toll-free verification",
        ),
    ],
)
def test_registration_is_refused_as_not_faked(
    whoosh: Whoosh, client: Client, ask: Callable[[Any], object], path: str
) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        ask(client.messaging.v1)

    assert (refusal.value.status, refusal.value.code) == (404, 20404)
    assert refusal.value.msg == (
        f"Unable to fetch record: The requested resource {path} was not found: pytest-whoosh does not fake "
        "A2P registration or toll-free verification. The double sends without them."
    )
