"""What everything is held against: the least that a Python server can do. Run as a program, it serves one of two routes.

`bare` decodes JSON and encodes an answer of a payment's size with orjson. `inserts` does the same and writes four rows in
one SQLite transaction (WAL, synchronous NORMAL) before it answers.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PADDING = "x" * 1200


def application(db: str | None) -> Starlette:
    connection = None
    if db is not None:
        connection = sqlite3.connect(db, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for table in ("payments", "timers", "messages", "story"):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY, body BLOB)")

    async def create(request: Request) -> Response:
        body = orjson.loads(await request.body())
        answer = orjson.dumps({"id": f"pay_{os.urandom(10).hex()}", "amount": body["amount"], "rest": PADDING})
        if connection is not None:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("payments", "timers", "messages", "story"):
                row = (os.urandom(10).hex(), answer)
                connection.execute(f"INSERT INTO {table} (id, body) VALUES (?, ?)", row)
            connection.execute("COMMIT")
        return Response(answer, media_type="application/json")

    async def health(request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    return Starlette(routes=[Route("/create", create, methods=["POST"]), Route("/health", health)])


def main(port: int, db: str | None) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        application(db), http="httptools", loop="uvloop", ws="none", lifespan="off", access_log=False,
        log_level="warning", server_header=False, timeout_graceful_shutdown=3, backlog=2048,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]), str(Path(sys.argv[2])) if len(sys.argv) > 2 else None)
