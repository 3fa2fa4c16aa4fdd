"""Logins under way, in SQLite: one connection, used by one task of one event loop at a time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

SCHEMA: Final = """
create table if not exists logins (
    phone text primary key,
    code text not null,
    expires_at real not null,
    tries_left integer not null,
    sid text,                             -- of the text that carries the code
    texts integer not null default 0,     -- how many were sent for this login
    state text not null default 'sent'    -- or delivered, or unreachable
);
"""


class Database:
    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)
        self._turn = asyncio.Lock()

    def close(self) -> None:
        self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._turn:
            self._connection.execute("begin")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def one(self, sql: str, *values: object) -> Any:
        return self._connection.execute(sql, values).fetchone()
