"""The front desk: texts patients when an appointment is booked, moved or canceled, and handles their answers."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .messaging import UNSUBSCRIBED, BadNumber, Messenger, OptedOut, Unavailable
from .store import Appointment, Store, Text

CONFIRMATION: Final = "Hi {name}, you are booked at Elm Street Dental on {when}. Reply STOP to get no texts."
MOVED: Final = "Hi {name}, your appointment at Elm Street Dental is now on {when}. Reply STOP to get no texts."
REMINDER: Final = (
    "Hi {name}, see you at Elm Street Dental on {when}. Reply C to confirm, X to cancel, STOP to get no texts."
)
CONFIRMED: Final = "Thank you, {name}. See you on {when}."
CANCELED: Final = "Your appointment on {when} is canceled. Call us to book another."
NOT_BOOKED: Final = "You have no appointment at Elm Street Dental. Call us to book one."
INSTRUCTIONS: Final = "Reply C to confirm your next appointment, X to cancel it, or STOP to get no texts."

# Whoosh acts on these words itself and answers them: "cancel" is one, which is why our own word is X.
STOP_WORDS: Final = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS: Final = {"START", "YES", "UNSTOP"}
HELP_WORDS: Final = {"HELP", "INFO"}

REMINDER_LEAD: Final = timedelta(days=1)

# Whoosh schedules between 15 minutes and 35 days ahead; one minute more leaves time to ask.
SOONEST: Final = timedelta(minutes=16)
LATEST: Final = timedelta(days=35)

# Callbacks may come late, twice or in any order: a text only ever moves to a later stage.
STAGES: Final = {
    "waiting": 0,
    "accepted": 1,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "canceled": 5,
    "dropped": 5,
}
UNSETTLED: Final = tuple(status for status, stage in STAGES.items() if stage < 5)

# A phone that is off (30003) may be on tomorrow; one that does not exist (30005) or is a landline (30006) will not.
BOUNCES: Final = {30003: 1, 30005: 3, 30006: 3}
BOUNCES_ALLOWED: Final = 2


class Desk:
    def __init__(self, store: Store, messenger: Messenger) -> None:
        self._store = store
        self._messenger = messenger

    def book(self, name: str, phone: str, at: datetime) -> Appointment:
        """Raises BadNumber, and keeps no appointment, when the number cannot receive texts at all."""
        appointment = self._store.add_appointment(name, phone, at)
        try:
            self._confirm(appointment, CONFIRMATION)
        except BadNumber:
            self._store.forget(appointment)
            raise
        self._remind(appointment)
        return appointment

    def move(self, appointment: Appointment, at: datetime) -> Appointment:
        self._call_off(appointment)
        appointment = self._store.move(appointment, at)
        self._confirm(appointment, MOVED)
        self._remind(appointment)
        return appointment

    def cancel(self, appointment: Appointment) -> None:
        self._call_off(appointment)
        self._store.cancel(appointment)

    def describe(self, appointment: Appointment) -> dict[str, Any]:
        latest = {text.kind: text for text in self._store.texts(appointment)}
        return {
            "id": appointment.id,
            "name": appointment.name,
            "phone": appointment.phone,
            "at": appointment.at.isoformat(),
            "confirmed": appointment.confirmed,
            "canceled": appointment.canceled,
            "number": self._store.number_state(appointment.phone),
            "confirmation": _describe(latest.get("confirmation")),
            "reminder": _describe(latest.get("reminder")),
        }

    def answer(self, phone: str, body: str) -> str | None:
        """Do what a patient writes; returns what to write back, unless Whoosh does so itself."""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self._stop_texting(phone, "opted out")
        elif word in START_WORDS:
            self._store.set_number_state(phone, "ok")
        if word in STOP_WORDS | START_WORDS | HELP_WORDS:
            return None
        if word not in {"C", "X"}:
            return INSTRUCTIONS

        appointment = self._store.next_appointment(phone)
        if appointment is None:
            return NOT_BOOKED
        if word == "X":
            self.cancel(appointment)
            return _fill(CANCELED, appointment)
        self._store.confirm(appointment)
        return _fill(CONFIRMED, appointment)

    def status_changed(self, sid: str, status: str, error_code: int | None) -> None:
        """Take note of what Whoosh says about a text, unless something later is known already."""
        text = self._store.text_with_sid(sid)
        if text is None or STAGES.get(status, 0) <= STAGES[text.status]:
            return

        self._store.update(text, status, error_code)
        if status == "delivered":
            self._store.clear_bounces(text.phone)
        elif error_code == UNSUBSCRIBED:
            self._stop_texting(text.phone, "opted out")
        elif error_code in BOUNCES and self._store.add_bounces(text.phone, BOUNCES[error_code]) > BOUNCES_ALLOWED:
            self._stop_texting(text.phone, "bounced")

    def catch_up(self) -> None:
        """Send what an outage or a far-away date has kept waiting, and ask about receipts that never came."""
        for text in self._store.texts_with_status(UNSETTLED):
            if text.status == "waiting":
                try:
                    self._send(text)
                except BadNumber:
                    self._store.update(text, "dropped")
                    self._stop_texting(text.phone, "bounced")
            elif text.sid and not _lies_ahead(text):
                receipt = self._messenger.look_up(text.sid)
                self.status_changed(receipt.sid, receipt.status, receipt.error_code)

    def _confirm(self, appointment: Appointment, template: str) -> None:
        self._send(self._store.add_text(appointment, "confirmation", _fill(template, appointment)))

    def _remind(self, appointment: Appointment) -> None:
        send_at = appointment.at.astimezone(UTC) - REMINDER_LEAD
        if send_at >= datetime.now(UTC) + SOONEST:
            self._send(self._store.add_text(appointment, "reminder", _fill(REMINDER, appointment), send_at))

    def _send(self, text: Text) -> None:
        """Hand a text to Whoosh, leave it waiting for the next `catch_up`, or drop it when it has become pointless."""
        now = datetime.now(UTC)
        if text.appointment_at <= now or self._store.number_state(text.phone) != "ok":
            self._store.update(text, "dropped")
            return
        if text.send_at and text.send_at > now + LATEST:
            return

        send_at = text.send_at if text.send_at and text.send_at >= now + SOONEST else None
        try:
            receipt = self._messenger.send(text.phone, text.body, send_at)
        except OptedOut:
            self._store.update(text, "dropped")
            self._stop_texting(text.phone, "opted out")
        except Unavailable:
            return
        else:
            self._store.handed_over(text, receipt.sid, receipt.status)

    def _stop_texting(self, phone: str, why: str) -> None:
        self._store.set_number_state(phone, why)
        for appointment in self._store.appointments_of(phone):
            self._call_off(appointment)

    def _call_off(self, appointment: Appointment) -> None:
        for text in self._store.texts(appointment):
            if text.status == "waiting":
                self._store.update(text, "dropped")
            elif text.sid and text.status == "scheduled":
                receipt = self._messenger.cancel(text.sid)
                self._store.update(text, receipt.status, receipt.error_code)


def _fill(template: str, appointment: Appointment) -> str:
    at = appointment.at
    return template.format(name=appointment.name, when=f"{at:%a} {at.day} {at:%b at %H:%M}")


def _lies_ahead(text: Text) -> bool:
    return text.send_at is not None and text.send_at > datetime.now(UTC)


def _describe(text: Text | None) -> dict[str, Any] | None:
    if text is None:
        return None
    return {"status": text.status, "error_code": text.error_code, "updated_at": text.updated_at.isoformat()}
