"""Celery as a doorbell: a message carries a job's id, the job's row is the truth."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("stet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    broker_url=broker.celery_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A request never waits for a dead broker longer than about a second: one try, short waits.
    broker_connection_timeout=broker.PATIENCE_SECONDS,
    broker_transport_options={
        "socket_timeout": broker.PATIENCE_SECONDS,
        "socket_connect_timeout": broker.PATIENCE_SECONDS,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "connect_retries_timeout": broker.PATIENCE_SECONDS,
    },
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
)
app.autodiscover_tasks(["verification"])
