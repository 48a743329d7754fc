"""Sites that are not ours, and what their pages try."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Answering(BaseHTTPRequestHandler):
    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def listening(handler: type[Answering]) -> Iterator[int]:
    """A server on this machine, by its port; Chromium finds it under any name below `.test`, too."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def site(html: str) -> Iterator[int]:
    """Another site, which is one page."""

    class Site(Answering):
        def do_GET(self) -> None:
            self.answer(200, {"content-type": "text/html; charset=utf-8"}, html.encode())

    with listening(Site) as port:
        yield port


FORM = '<form method="post" action="{action}">{fields}</form><script>document.forms[0].submit()</script>'
FETCH = "<script>fetch({action!r}, {{method: 'POST', mode: 'no-cors', credentials: 'include'}})</script>"
FRAME = '<iframe sandbox="allow-scripts allow-forms" srcdoc="{inner}"></iframe>'


def form(action: str, fields: dict[str, str]) -> str:
    inputs = "".join(f"<input type='hidden' name='{name}' value='{value}'>" for name, value in fields.items())
    return FORM.format(action=action, fields=inputs)


def in_frame(html: str) -> str:
    return FRAME.format(inner=html.replace("&", "&amp;").replace('"', "&quot;"))


ATTACKS: dict[str, Callable[[str, dict[str, str]], str]] = {
    "a form": form,
    "a form in a sandboxed frame": lambda action, fields: in_frame(form(action, fields)),
    "a script": lambda action, fields: FETCH.format(action=action),
    "a script in a sandboxed frame": lambda action, fields: in_frame(FETCH.format(action=action)),
}
