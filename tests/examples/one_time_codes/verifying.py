"""The same logins with Verify as the backend: Whoosh makes the code, sends it and checks it."""

from dataclasses import dataclass
from typing import Annotated, Any

import httpx
from fastapi import Body, FastAPI, HTTPException

#: The texts for people, by the vendor's error code.
REFUSALS = {
    60200: "This is no phone number.",
    60202: "You have tried too often. Wait ten minutes.",
    60203: "You have asked too often. Wait ten minutes.",
    60205: "A landline cannot receive text messages. Ask for a call instead.",
}


@dataclass(frozen=True, kw_only=True)
class VerifyConfig:
    api_key: str
    api_secret: str
    service: str


def create_verify_app(config: VerifyConfig) -> FastAPI:
    app = FastAPI()

    @app.post("/logins", status_code=202)
    async def ask(phone: Annotated[str, Body()], channel: Annotated[str, Body()] = "sms") -> None:
        await call(config, "Verifications", {"To": phone, "Channel": channel})

    @app.post("/logins/check", status_code=204)
    async def check(phone: Annotated[str, Body()], code: Annotated[str, Body()]) -> None:
        verification = await call(config, "VerificationCheck", {"To": phone, "Code": code})
        if verification["status"] != "approved":
            raise HTTPException(403, "This code is wrong.")

    return app


async def call(config: VerifyConfig, path: str, form: dict[str, str]) -> dict[str, Any]:
    """Post to the Verify service; a refusal becomes one of the app's own."""
    url = f"https://verify.whoosh.totogi.solutions/v2/Services/{config.service}/{path}"
    async with httpx.AsyncClient(auth=(config.api_key, config.api_secret), timeout=10) as whoosh:
        response = await whoosh.post(url, data=form)
    document: dict[str, Any] = response.json()
    if response.status_code == 404:
        raise HTTPException(403, "This code is too old, or was used already.")
    if document.get("code") in REFUSALS:
        raise HTTPException(422, REFUSALS[document["code"]])
    response.raise_for_status()
    return document
