"""Refuses registration with carriers, which is not faked: A2P 10DLC and toll-free verification.

See https://www.twilio.com/docs/messaging/compliance/a2p-10dlc and
https://www.twilio.com/docs/messaging/api/tollfree-verification-resource
"""

from typing import Final, NoReturn

from pytest_whoosh.engine.errors import ApiError

from .routing import Call, Routes

routes = Routes("/v1")

_PATHS: Final = (
    "/Services/{service_sid}/Compliance/Usa2p",
    "/Services/{service_sid}/Compliance/Usa2p/Usecases",
    "/Services/{service_sid}/Compliance/Usa2p/{sid}",
    "/a2p/BrandRegistrations",
    "/a2p/BrandRegistrations/{sid}",
    "/Tollfree/Verifications",
    "/Tollfree/Verifications/{sid}",
)


def refuse_registration(call: Call, **_: str) -> NoReturn:
    """Refuse registration. It is not faked, because the double sends from any number without it."""
    raise ApiError(
        20404,
        message=f"{call.not_found().message}: pytest-whoosh does not fake A2P registration or toll-free verification. "
        "The double sends without them.",
    )


for _path in _PATHS:
    for _method in (routes.get, routes.post, routes.delete):
        _method(_path)(refuse_registration)
