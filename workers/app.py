"""The Celery application: `celery -A workers.app worker -Q streams|cpu|periodic`, `celery -A workers.app beat`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")

import django

django.setup()

from arena.common.queue import app  # noqa: E402
from workers import generation, heartbeats, jobs, periodic, releases, tracing, trials  # noqa: E402

app.conf.beat_schedule = periodic.SCHEDULE

__all__ = ["app", "generation", "heartbeats", "jobs", "periodic", "releases", "tracing", "trials"]
