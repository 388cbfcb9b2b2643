"""The environment that the checks see, and what they say about it."""

import dataclasses

import pytest


@pytest.fixture
def environment(settings):
    """Change the environment that the checks see."""

    def change(**changes):
        settings.ENV = dataclasses.replace(settings.ENV, **changes)

    return change


def ids(check):
    """What a check that may connect reports."""
    return [message.id for message in check(databases=["default"])]
