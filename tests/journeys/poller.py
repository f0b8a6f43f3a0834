"""A client that follows the change log: `python -m tests.journeys.poller PORT KEY DATABASE AFTER LIMIT`.

It keeps changes and cursor in one transaction of its own, so that it may be killed anywhere and go on.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
import time


def follow(port: int, key: str, path: str, after: int, limit: int) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(
        "CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, position INTEGER, kind TEXT)"
    )
    database.execute("CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY, after INTEGER)")
    database.execute("INSERT OR IGNORE INTO cursor VALUES (1, ?)", (after,))
    while True:
        ((after,),) = database.execute("SELECT after FROM cursor").fetchall()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        words = {"Authorization": f"Bearer {key}"}
        connection.request("GET", f"/api/v1/changes/?after={after}&limit={limit}", headers=words)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        database.execute("BEGIN IMMEDIATE")
        for change in answer["changes"]:
            row = (change["position"], change["kind"])
            database.execute("INSERT INTO seen (position, kind) VALUES (?, ?)", row)
        database.execute("UPDATE cursor SET after = ?", (answer["last_position"],))
        database.execute("COMMIT")
        if not answer["more"]:
            time.sleep(0.02)  # it polls


if __name__ == "__main__":
    port, key, path, after, limit = sys.argv[1:]
    follow(int(port), key, path, int(after), int(limit))
