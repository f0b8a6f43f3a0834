"""Makes a database ready for a journey: tables, a desk in the name of Reuters, accounts. A process of its own.

One process for all accounts: each `manage.py account` alone takes longer than it works.
"""

from __future__ import annotations

import io
import json
import os
import sys

import django
from django.core.management import call_command

ROLES = {"checker": "fact_checker", "editor": "editor", "admin": "admin", "client": "client"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from claims.vocabulary import Dimension
    from verification.services.accounts import ensure_desk

    call_command("migrate", verbosity=0)
    ensure_desk("Conflict", house_name="Reuters", required=frozenset({Dimension.LOCATION, Dimension.DATE}))
    keys = {}
    for name in sys.argv[1:]:
        told = io.StringIO()
        role = ROLES[name.partition("-")[0]]
        call_command("account", name, "--role", role, "--service", "--json", stdout=told)
        keys[name] = json.loads(told.getvalue())["api_key"]
    sys.stdout.write(json.dumps(keys) + "\n")


if __name__ == "__main__":
    main()
