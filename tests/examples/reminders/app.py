"""The JSON API that the front desk uses, and the webhooks that Whoosh calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep

from flask import Flask, Response, abort, jsonify, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict

from .desk import Desk
from .messaging import BadNumber, Messenger, Unavailable
from .store import Appointment, Store


@dataclass(frozen=True, kw_only=True)
class Config:
    sender: str
    messaging_service: str
    public_url: str
    auth_token: str

    @property
    def status_callback(self) -> str:
        return f"{self.public_url}/sms/status"

    @property
    def inbound(self) -> str:
        return f"{self.public_url}/sms/inbound"


def create_app(config: Config, store: Store, *, pause: Callable[[float], object] = sleep) -> Flask:
    app = Flask(__name__)
    validator = RequestValidator(config.auth_token)
    messenger = Messenger(
        sender=config.sender,
        messaging_service=config.messaging_service,
        status_callback=config.status_callback,
        pause=pause,
    )
    desk = Desk(store, messenger)

    def find(number: int) -> Appointment:
        return store.appointment(number) or abort(404)

    @app.post("/appointments")
    def book() -> tuple[Response, int]:
        appointment = desk.book(_field("name"), _field("phone"), _moment(_field("at")))
        return jsonify(desk.describe(appointment)), 201

    @app.get("/appointments/<int:number>")
    def show(number: int) -> Response:
        return jsonify(desk.describe(find(number)))

    @app.patch("/appointments/<int:number>")
    def move(number: int) -> Response:
        appointment = desk.move(find(number), _moment(_field("at")))
        return jsonify(desk.describe(appointment))

    @app.delete("/appointments/<int:number>")
    def cancel(number: int) -> tuple[str, int]:
        desk.cancel(find(number))
        return "", 204

    def signed(url: str) -> MultiDict[str, str]:
        # Behind a proxy, request.url is not the address that Whoosh called and signed: ours is.
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(url, request.form, signature):
            abort(403)
        return request.form

    @app.post("/sms/status")
    def sms_status() -> tuple[str, int]:
        form = signed(config.status_callback)
        desk.status_changed(form["MessageSid"], form["MessageStatus"], form.get("ErrorCode", type=int))
        return "", 204

    @app.post("/sms/inbound")
    def sms_inbound() -> Response:
        form = signed(config.inbound)
        twiml = MessagingResponse()
        if answer := desk.answer(form["From"], form["Body"]):
            twiml.message(answer)
        return Response(str(twiml), mimetype="text/xml")

    @app.errorhandler(BadNumber)
    def cannot_be_texted(_: BadNumber) -> Response:
        return _refusal(422, "This number cannot receive text messages.")

    @app.errorhandler(Unavailable)
    def try_again(_: Unavailable) -> Response:
        return _refusal(503, "The text message service does not answer. Try again in a minute.")

    @app.cli.command("catch-up")
    def catch_up() -> None:
        """Send waiting texts, and ask about texts without a receipt. Run it every few minutes."""
        desk.catch_up()

    return app


def _field(name: str) -> str:
    value = request.get_json().get(name)
    return value if isinstance(value, str) and value else abort(_refusal(400, f"{name} is missing."))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        abort(_refusal(400, f"{text} is not an ISO 8601 time."))
    if moment.tzinfo is None or moment <= datetime.now(UTC):
        abort(_refusal(422, "An appointment needs a time in the future, with its offset from UTC."))
    return moment


def _refusal(status: int, error: str) -> Response:
    response = jsonify(error=error)
    response.status_code = status
    return response
