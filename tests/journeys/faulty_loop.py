"""The real `manage.py` with faults armed: `python -m tests.journeys.faulty_loop reconcile --loop`."""

import os
import sys

import django
from django.core.management import execute_from_command_line

from tests.journeys import faults

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    faults.arm()
    execute_from_command_line(sys.argv)
