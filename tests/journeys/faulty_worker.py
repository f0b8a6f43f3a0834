"""The real worker with faults armed: `celery -A tests.journeys.faulty_worker worker`."""

import django

from config.celery import app  # noqa: F401  what -A looks for
from tests.journeys import faults

django.setup()
faults.arm()
