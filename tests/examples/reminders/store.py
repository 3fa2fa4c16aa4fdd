"""Appointments, the texts about them and the numbers they go to, in SQLite."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = """
pragma journal_mode = wal;
pragma synchronous = normal;

create table if not exists appointments (
    id integer primary key,
    name text not null,
    phone text not null,
    at text not null,
    confirmed integer not null default 0,
    canceled integer not null default 0
);

create table if not exists texts (
    id integer primary key,
    appointment_id integer not null references appointments on delete cascade,
    kind text not null,                      -- confirmation or reminder
    body text not null,
    send_at text,                            -- null means at once
    sid text unique,                         -- null until Whoosh has taken the text
    status text not null default 'waiting',  -- Whoosh's word for it, or our own: waiting, dropped
    error_code integer,
    updated_at text not null
);

create table if not exists numbers (
    phone text primary key,
    state text not null default 'ok',        -- or bounced, or opted out
    bounces integer not null default 0
);
"""


@dataclass(frozen=True)
class Appointment:
    id: int
    name: str
    phone: str
    at: datetime
    confirmed: bool
    canceled: bool


@dataclass(frozen=True)
class Text:
    id: int
    kind: str
    body: str
    send_at: datetime | None
    sid: str | None
    status: str
    error_code: int | None
    updated_at: datetime
    phone: str
    appointment_at: datetime


class Store:
    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add_appointment(self, name: str, phone: str, at: datetime) -> Appointment:
        row = self._one(
            "insert into appointments (name, phone, at) values (?, ?, ?) returning *", name, phone, at.isoformat()
        )
        return _appointment(row)

    def appointment(self, number: int) -> Appointment | None:
        row = self._one("select * from appointments where id = ?", number)
        return row and _appointment(row)

    def appointments_of(self, phone: str) -> list[Appointment]:
        return [_appointment(row) for row in self._all("select * from appointments where phone = ?", phone)]

    def next_appointment(self, phone: str) -> Appointment | None:
        now = datetime.now(UTC)
        ahead = [each for each in self.appointments_of(phone) if each.at > now and not each.canceled]
        return min(ahead, key=lambda appointment: appointment.at, default=None)

    def move(self, appointment: Appointment, at: datetime) -> Appointment:
        row = self._one(
            "update appointments set at = ?, confirmed = 0 where id = ? returning *", at.isoformat(), appointment.id
        )
        return _appointment(row)

    def confirm(self, appointment: Appointment) -> None:
        self._one("update appointments set confirmed = 1 where id = ?", appointment.id)

    def cancel(self, appointment: Appointment) -> None:
        self._one("update appointments set canceled = 1 where id = ?", appointment.id)

    def forget(self, appointment: Appointment) -> None:
        self._one("delete from texts where appointment_id = ?", appointment.id)
        self._one("delete from appointments where id = ?", appointment.id)

    def add_text(self, appointment: Appointment, kind: str, body: str, send_at: datetime | None = None) -> Text:
        row = self._one(
            "insert into texts (appointment_id, kind, body, send_at, updated_at) values (?, ?, ?, ?, ?) returning id",
            appointment.id,
            kind,
            body,
            send_at and send_at.isoformat(),
            _now(),
        )
        return self._texts("texts.id = ?", row["id"])[0]

    def texts(self, appointment: Appointment) -> list[Text]:
        return self._texts("appointment_id = ?", appointment.id)

    def texts_with_status(self, statuses: Sequence[str]) -> list[Text]:
        return self._texts(f"status in ({', '.join('?' * len(statuses))})", *statuses)

    def text_with_sid(self, sid: str) -> Text | None:
        return next(iter(self._texts("sid = ?", sid)), None)

    def handed_over(self, text: Text, sid: str, status: str) -> None:
        self._one("update texts set sid = ?, status = ?, updated_at = ? where id = ?", sid, status, _now(), text.id)

    def update(self, text: Text, status: str, error_code: int | None = None) -> None:
        self._one(
            "update texts set status = ?, error_code = ?, updated_at = ? where id = ?",
            status,
            error_code,
            _now(),
            text.id,
        )

    def number_state(self, phone: str) -> str:
        row = self._one("select state from numbers where phone = ?", phone)
        return row["state"] if row else "ok"

    def set_number_state(self, phone: str, state: str) -> None:
        self._one(
            "insert into numbers (phone, state) values (?, ?) on conflict do update set state = excluded.state",
            phone,
            state,
        )

    def add_bounces(self, phone: str, bounces: int) -> int:
        """Add bounces of a number. Return all of them since something was last delivered to it."""
        row = self._one(
            "insert into numbers (phone, bounces) values (?, ?)"
            " on conflict do update set bounces = bounces + excluded.bounces returning bounces",
            phone,
            bounces,
        )
        return int(row["bounces"])

    def clear_bounces(self, phone: str) -> None:
        self._one("update numbers set bounces = 0 where phone = ?", phone)

    def _texts(self, condition: str, *values: object) -> list[Text]:
        rows = self._all(
            "select texts.*, phone, at from texts join appointments on appointments.id = appointment_id"
            f" where {condition} order by texts.id",
            *values,
        )
        return [_text(row) for row in rows]

    def _one(self, sql: str, *values: object) -> Any:
        return next(iter(self._all(sql, *values)), None)

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()


def _appointment(row: sqlite3.Row) -> Appointment:
    return Appointment(
        id=row["id"],
        name=row["name"],
        phone=row["phone"],
        at=datetime.fromisoformat(row["at"]),
        confirmed=bool(row["confirmed"]),
        canceled=bool(row["canceled"]),
    )


def _text(row: sqlite3.Row) -> Text:
    return Text(
        id=row["id"],
        kind=row["kind"],
        body=row["body"],
        send_at=datetime.fromisoformat(row["send_at"]) if row["send_at"] else None,
        sid=row["sid"],
        status=row["status"],
        error_code=row["error_code"],
        updated_at=datetime.fromisoformat(row["updated_at"]),
        phone=row["phone"],
        appointment_at=datetime.fromisoformat(row["at"]),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat()
