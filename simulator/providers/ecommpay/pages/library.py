"""The files of the JavaScript library, and the script of the pages themselves."""

from __future__ import annotations

from importlib.resources import files

from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.kernel.refusals import NotFound

SHARED = {
    "merchant.js": "text/javascript; charset=utf-8",
    "merchant.css": "text/css; charset=utf-8",
    "frame.js": "text/javascript; charset=utf-8",
}


def shared(call: Call, runtime: Runtime) -> Reply:
    """/shared/merchant.js, /shared/merchant.css, and the script of the pages themselves."""
    name = call.path["name"]
    if name not in SHARED:
        raise NotFound("file", name)
    content = files("simulator.providers.ecommpay").joinpath("shared", name).read_bytes()
    headers = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}
    return Reply(200, content, headers, content_type=SHARED[name])
