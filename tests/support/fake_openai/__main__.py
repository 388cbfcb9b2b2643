"""Run the server until the process is ended."""

import sys
import threading

from tests.support.fake_openai import FakeOpenAI

with FakeOpenAI() as fake:
    sys.stdout.write(f"{fake.base_url}\n")
    sys.stdout.flush()
    threading.Event().wait()
