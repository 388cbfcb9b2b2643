"""A worker takes up the id of the message, and nothing else."""

import pytest

from arena.common import tracing
from workers import tracing as worker_tracing


class Task:
    def __init__(self, **headers):
        self.request = headers


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    yield
    tracing.adopt("")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"request_id": "a1b2c3d4e5f6"}, "a1b2c3d4e5f6"),
        ({}, ""),
        ({"request_id": None}, ""),
        ({"request_id": "what a prompt would look like"}, ""),
    ],
)
def test_the_id_of_the_message_is_taken_up_if_it_is_one(headers, expected):
    tracing.adopt("of-the-task-before")
    worker_tracing.take_up(task=Task(**headers))
    assert tracing.current() == expected
