"""`manage.py create_token`: the token alone on standard output, its hash alone in the database."""

import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.accounts.models import ApiToken
from arena.accounts.services import create_token, token_of_bearer

pytestmark = pytest.mark.django_db


def run(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("create_token", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_standard_output_is_the_token_and_nothing_else() -> None:
    out, err = run("study")
    assert out == out.strip() + "\n"
    token = token_of_bearer(out.strip())
    assert token is not None
    assert token.name == "study"
    assert "study" in err
    assert out.strip() not in err


def test_only_the_hash_is_stored() -> None:
    token, value = create_token("study")
    token.refresh_from_db()
    assert bytes(token.token_sha256) == hashlib.sha256(value.encode()).digest()
    assert value not in repr(ApiToken.objects.values().get())


def test_a_name_is_used_once() -> None:
    run("study")
    with pytest.raises(CommandError, match="exists"):
        run("study")
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="120"):
        run(name)


def test_limits_are_stored_with_the_token() -> None:
    run("bench", "--limits", "battle.network=0, vote.token=5000/3600")
    assert ApiToken.objects.get().limits == {"battle": {"network": [0, 86400]}, "vote": {"token": [5000, 3600]}}


def test_wrong_limits_create_no_token() -> None:
    with pytest.raises(CommandError, match="batle"):
        run("bench", "--limits", "batle.network=0")
    assert not ApiToken.objects.exists()
