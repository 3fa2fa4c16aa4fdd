"""Logging in by phone: ask for a code, type it in. Whoosh tells what became of the text."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Body, FastAPI, HTTPException, Request

from . import sms
from .database import Database

VALID_FOR: Final = timedelta(minutes=10)
TRIES: Final = 3
#: A code that is not delivered is sent once more.
TEXTS: Final = 2


def create_app(config: sms.Config, database: Database) -> FastAPI:
    app = FastAPI()

    @app.post("/logins", status_code=202)
    async def ask(phone: Annotated[str, Body(embed=True)]) -> None:
        code = f"{secrets.randbelow(1_000_000):06}"
        expires_at = (datetime.now(UTC) + VALID_FOR).timestamp()
        async with database.transaction():
            database.one(
                "insert or replace into logins (phone, code, expires_at, tries_left) values (?, ?, ?, ?)",
                phone,
                code,
                expires_at,
                TRIES,
            )
            try:
                await send_code(phone, code)
            except sms.Refused as refused:
                raise HTTPException(422, "This number cannot receive text messages.") from refused

    @app.post("/logins/check", status_code=204)
    async def check(phone: Annotated[str, Body()], code: Annotated[str, Body()]) -> None:
        async with database.transaction():
            login = database.one(
                "update logins set tries_left = tries_left - 1"
                " where phone = ? and tries_left > 0 and expires_at > ? returning code",
                phone,
                datetime.now(UTC).timestamp(),
            )
            right = login is not None and secrets.compare_digest(login["code"], code)
            if right:
                database.one("delete from logins where phone = ?", phone)
        if not right:
            raise HTTPException(403, "This code is wrong or too old.")

    @app.get("/logins/{phone}")
    async def show(phone: str) -> dict[str, Any]:
        login = database.one("select state, texts from logins where phone = ?", phone)
        if login is None:
            raise HTTPException(404)
        return dict(login)

    @app.post("/sms/status", status_code=204)
    async def status(request: Request) -> None:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signature = request.headers.get("X-Twilio-Signature", "")
        if not sms.is_genuine(config, config.status_callback, form, signature):
            raise HTTPException(403)
        async with database.transaction():
            login = database.one("select * from logins where sid = ?", form["MessageSid"])
            if login is None:
                return
            if form["MessageStatus"] == "delivered":
                database.one("update logins set state = 'delivered' where phone = ?", login["phone"])
            elif form["MessageStatus"] in {"undelivered", "failed"}:
                if login["texts"] < TEXTS:
                    await send_code(login["phone"], login["code"])
                else:
                    database.one("update logins set state = 'unreachable' where phone = ?", login["phone"])

    async def send_code(phone: str, code: str) -> None:
        sid = await sms.send(config, phone, f"{code} is your code. It is good for 10 minutes.")
        database.one("update logins set sid = ?, texts = texts + 1 where phone = ?", sid, phone)

    return app
