"""The admin opens to a password and a second factor, not to one of them, and not to guessing."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from sesame.utils import get_query_string

from arena.common.models import AuditEntry
from tests.operators.conftest import PASSWORD, code_of, device_of, forget_proof, verified_client

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
SECOND = "/admin/second-factor/"
SET_UP = "/admin/second-factor/set-up/"
RECOVERY = "/admin/second-factor/recovery/"


def log_in(username: str = "olga", password: str = PASSWORD, client: Client | None = None) -> Client:
    client = client or Client()
    client.post(LOGIN, {"username": username, "password": password, "next": "/admin/"})
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def codes_in(page: str) -> list[str]:
    return re.findall(r"<code>([a-z0-9-]{19})</code>", page)


def set_up(client: Client) -> list[str]:
    """Go through the set-up; returns the recovery codes."""
    client.get(SET_UP)
    page = client.post(SET_UP, {"code": code_of(TOTPDevice.objects.get())})
    return codes_in(page.content.decode())


def test_a_password_alone_opens_nothing(olga: User) -> None:
    client = log_in()
    for path in ("/admin/", "/admin/status/", "/admin/systems/system/", RECOVERY):
        response = client.get(path)
        assert response.status_code == 302, path
        assert response["Location"].startswith(LOGIN)
    assert client.get(LOGIN)["Location"].startswith(SECOND)


def test_the_first_login_sets_up_an_authenticator_and_shows_recovery_codes_once(olga: User) -> None:
    client = log_in()
    assert client.get(SECOND)["Location"].startswith(SET_UP)
    page = client.get(SET_UP).content.decode()
    assert "data:image/svg+xml" in page
    codes = set_up(client)
    assert len(set(codes)) == 10
    assert is_in(client)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert not stored & {code.replace("-", "") for code in codes}
    assert told() == ["login.accept", "second_factor.set_up", "second_factor.accept"]


def test_the_secret_that_one_login_was_shown_is_worthless_in_another(olga: User) -> None:
    """Mallory, who guessed the password, opens the set-up before Olga's first login."""
    mallory = log_in()
    mallory.get(SET_UP)
    known = TOTPDevice.objects.get()
    olgas = log_in()
    olgas.get(SET_UP)
    assert TOTPDevice.objects.get().key != known.key
    mallory.post(SET_UP, {"code": f"{totp(known.bin_key):06d}"})
    assert not is_in(mallory)


def test_an_account_without_a_second_factor_gets_no_recovery_codes(olga: User, settings: object) -> None:
    settings.ARENA_ADMIN_SECOND_FACTOR = False
    client = log_in()
    assert codes_in(client.post(RECOVERY).content.decode()) == []
    assert not StaticToken.objects.exists()


def test_a_second_authenticator_cannot_be_set_up_with_the_password_alone(olga: User) -> None:
    device_of(olga)
    client = log_in()
    assert client.get(SET_UP)["Location"] == SECOND
    client.post(SET_UP, {"code": "123456"})
    assert TOTPDevice.objects.count() == 1


def test_password_and_code_open_the_admin_and_lead_where_one_wanted_to_go(olga: User) -> None:
    device = device_of(olga)
    client = log_in()
    response = client.post(f"{SECOND}?next=/admin/status/", {"code": code_of(device)})
    assert response["Location"] == "/admin/status/"
    assert is_in(client)


def test_the_way_on_never_leads_to_another_site(olga: User) -> None:
    client = log_in()
    response = client.post(f"{SECOND}?next=https://evil.example/", {"code": code_of(device_of(olga))})
    assert response["Location"] == "/admin/"


def test_a_code_works_once(olga: User) -> None:
    device = device_of(olga)
    code = code_of(device)
    first, second = log_in(), log_in()
    first.post(SECOND, {"code": code})
    second.post(SECOND, {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_works_once_however_it_is_typed(olga: User) -> None:
    code = set_up(log_in())[3]
    first, second = log_in(), log_in()
    first.post(SECOND, {"code": code.upper().replace("-", " ")})
    assert is_in(first)
    second.post(SECOND, {"code": code})
    assert not is_in(second)


def test_the_codes_of_the_app_do_not_wear_the_recovery_codes_out(olga: User) -> None:
    codes = set_up(log_in())
    for _ in range(4):
        log_in().post(SECOND, {"code": code_of(device_of(olga))})
    client = log_in()
    client.post(SECOND, {"code": codes[0]})
    assert is_in(client)


def test_wrong_codes_are_audited_and_slow_the_next_tries_down(olga: User) -> None:
    device = device_of(olga)
    client = log_in()
    for _ in range(3):
        assert "not right" in client.post(SECOND, {"code": "000000"}).content.decode()
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1)
    client.post(SECOND, {"code": f"{totp(device.bin_key):06d}"})
    assert not is_in(client)
    assert told().count("second_factor.fail") == 4


def test_the_session_gets_a_new_key_with_the_second_factor(olga: User) -> None:
    client = log_in()
    before = client.cookies["sessionid"].value
    client.post(SECOND, {"code": code_of(device_of(olga))})
    assert client.cookies["sessionid"].value != before


def test_a_session_is_the_admins_own_and_ends_with_the_day(olga: User) -> None:
    cookie = log_in().cookies["sessionid"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"]) == ("/admin/", 12 * 3600, True)


def test_guessing_passwords_ends_after_ten_tries_even_with_the_right_one(olga: User, settings: object) -> None:
    settings.ARENA_LIMITS_OFF = True
    for n in range(10):
        log_in(password=f"wrong {n}")
    page = Client().post(LOGIN, {"username": "olga", "password": PASSWORD}).content.decode()
    assert re.search(r"Too many attempts. Try again in \d+ minutes.", page)
    assert told() == ["login.fail"] * 10


def test_a_failed_login_names_the_account_but_not_what_was_typed_beside_it(olga: User) -> None:
    log_in(password="wrong")
    log_in("MySecretPassword", "olga")
    rows = AuditEntry.objects.order_by("id").values_list("target_name", "note")
    assert [name for name, _note in rows] == ["olga", ""]
    assert all(note == "from 127.0.0.0/24" for _name, note in rows)


def test_the_link_of_the_demo_works_once_and_is_enough_where_no_second_factor_is_asked(
    olga: User, settings: object
) -> None:
    settings.ARENA_ADMIN_SECOND_FACTOR = False
    link = f"/admin/login-link/{get_query_string(olga)}"
    client = Client()
    assert client.get(link)["Location"] == "/admin/"
    assert is_in(client)
    assert not is_in(_after(Client(), link))


def test_elsewhere_the_link_takes_the_place_of_the_password_only(olga: User) -> None:
    client = _after(Client(), f"/admin/login-link/{get_query_string(olga)}")
    assert not is_in(client)
    assert client.get(LOGIN)["Location"].startswith(SECOND)


def _after(client: Client, path: str) -> Client:
    client.get(path)
    return client


def test_somebody_who_is_no_operator_gets_nowhere(db: None) -> None:
    mallory = User.objects.create_user("mallory", password=PASSWORD)
    client = Client()
    client.force_login(mallory)
    for path in (SECOND, SET_UP, "/admin/"):
        assert client.get(path)["Location"].startswith(LOGIN)
    assert not TOTPDevice.objects.exists()


def test_new_recovery_codes_need_a_fresh_proof_and_end_the_old_ones(olga: User) -> None:
    old = set_up(log_in())
    client = verified_client(olga)
    forget_proof(client)
    assert codes_in(client.post(RECOVERY, {"proof": "000000"}).content.decode()) == []
    new = codes_in(client.post(RECOVERY, {"proof": code_of(device_of(olga))}).content.decode())
    assert len(new) == 10
    late = log_in()
    late.post(SECOND, {"code": old[0]})
    assert not is_in(late)
    assert "recovery_codes.renew" in told()


def test_the_login_is_in_english_whatever_the_browser_prefers(olga: User) -> None:
    page = Client().get(LOGIN, headers={"Accept-Language": "fr"}).content.decode()
    assert 'lang="en"' in page
    assert "Log in" in page


def test_the_only_operator_with_a_lost_phone_starts_anew(olga: User) -> None:
    set_up(log_in())
    call_command("reset_second_factor", "olga", stdout=StringIO())
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert log_in().get(SECOND)["Location"].startswith(SET_UP)
    assert "second_factor.reset" in told()
    with pytest.raises(CommandError, match="no operator 'nobody'"):
        call_command("reset_second_factor", "nobody")


@pytest.mark.parametrize("password", ["short-Xk29", "123456789012", "password1234"])
def test_a_weak_password_is_refused(olga: User, password: str) -> None:
    client = verified_client(olga)
    form = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    assert "errorlist" in client.post("/admin/password_change/", form).content.decode()
