"""Exit status 0 if Stet answers at an address, 1 if not; what the containers' health checks run.

    python deploy/healthy.py http://127.0.0.1:8000/healthz
    python deploy/healthy.py http://web:8000/readyz worker

With `worker` or `reconcile` it asks whether that process has lately been alive. It needs nothing but the standard
library, for it is started every few seconds, and it asks no proxy, whatever the environment names.
"""

from __future__ import annotations

import http.client
import json
import sys
from urllib.parse import urlsplit

PATIENCE_SECONDS = 4
BEAT_TOO_OLD_SECONDS = 60


def trouble(url: str, process: str = "") -> str:
    """What is wrong, or nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{url} does not answer ({type(error).__name__})."
    finally:
        connection.close()
    if not process:
        return "" if response.status == 200 else f"{url} answers {response.status}."
    # 503 may be somebody else's fault; the ages are told all the same.
    age = body.get("seconds_since_beat", {}).get(process)
    if age is None:
        return f"Nothing is known of {process}."
    return "" if age <= BEAT_TOO_OLD_SECONDS else f"{process} was last alive {age:.0f} s ago."


if __name__ == "__main__":
    sys.exit(trouble(*sys.argv[1:]) or None)
