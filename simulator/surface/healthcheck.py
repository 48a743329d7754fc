"""For a container's HEALTHCHECK: exits with 0 when the simulator on this machine can serve. Standard library only."""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException

from simulator.surface.settings import variable


def main() -> int:
    port = int(variable("PSP_SIMULATOR_PORT") or 8080)
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_sim/health")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException) as error:
        print(f"port {port} does not answer: {error}", file=sys.stderr)  # noqa: T201 - a container's log reads it
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
