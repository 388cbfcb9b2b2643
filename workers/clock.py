"""The application of the clock: `celery -A workers.clock:app beat`.

It rings by name, so it loads neither models nor tasks: it is there in a third of a worker's time.
"""

import os
from datetime import timedelta
from typing import Any, Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")

from django.conf import settings
from django.utils.log import configure_logging

from arena.common.queue import SWEEP, SWEEP_EVERY_S, make_app
from workers import tracing

# No `expires`: it would compare the clocks of two machines, and a worker an hour ahead would throw every sweep away.
SCHEDULE: Final[dict[str, Any]] = {
    "sweep": {
        "task": SWEEP,
        "schedule": timedelta(seconds=SWEEP_EVERY_S),
        "options": {"queue": "periodic"},
    },
}

configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
# Celery's fixup for Django would set all of Django up.
app = make_app(settings.CELERY_BROKER_URL, fixups=[])
app.conf.beat_schedule = SCHEDULE

__all__ = ["app", "tracing"]
