"""For a container's HEALTHCHECK: exits with 0 when the simulator here can serve. It reads the variables that `serve` reads."""

from __future__ import annotations

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from simulator.surface.settings import from_environment


def main() -> int:
    try:
        settings = from_environment()
    except (OSError, ValueError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201 - a container's log reads it
        return 1
    connection = HTTPConnection("127.0.0.1", settings.port, timeout=2)
    if settings.tls:  # whether it serves is asked here, not who it is
        unverified = ssl._create_unverified_context()  # noqa: S323
        connection = HTTPSConnection("127.0.0.1", settings.port, timeout=2, context=unverified)
    try:
        connection.request("GET", "/_sim/health")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException) as error:
        print(f"port {settings.port} does not answer: {error}", file=sys.stderr)  # noqa: T201 - a container's log reads it
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
