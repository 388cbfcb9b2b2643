"""The second factor: set up at the first login, asked for at every later one, with recovery codes for a lost phone."""

from base64 import b32encode
from collections.abc import Callable
from functools import wraps
from typing import Any

import django_otp
import segno
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp.plugins.otp_totp.models import TOTPDevice

from arena.common import audit, codes, proof
from arena.common.admin_actions import ConfirmForm, Question
from arena.operators.forms import CodeForm

_PENDING = "pending_device"
WRONG = "That code is not right. A code works once and for half a minute: wait for the next one and try again."


def _password_given(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for operators who have given their password, and may not have shown a second factor yet."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (user.is_active and user.is_staff):
            return HttpResponseRedirect(reverse("admin:login"))
        translation.activate("en")
        return view(request)

    return never_cache(csrf_protect(guarded))


@_password_given
def check(request: HttpRequest) -> HttpResponse:
    """Ask for a code; an operator without an authenticator sets one up first."""
    if not django_otp.user_has_device(request.user):
        return HttpResponseRedirect(f"{reverse('admin:second_factor_set_up')}?{request.GET.urlencode()}")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = proof.device_of_code(request.user, form.cleaned_data["code"])
        if device is not None:
            _verified(request, device)
            return HttpResponseRedirect(_next(request))
        with transaction.atomic():
            _note(request, "second_factor.fail")
        form.add_error("code", WRONG)
    return _page(request, "operators/second_factor.html", title="Second factor", form=form)


@_password_given
def set_up(request: HttpRequest) -> HttpResponse:
    """Show a new secret as picture and text; the first right code makes it count, and recovery codes come once."""
    if django_otp.user_has_device(request.user):
        return HttpResponseRedirect(reverse("admin:second_factor"))
    device = _pending_device(request)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if device.verify_token(form.cleaned_data["code"].replace(" ", "")):
            with transaction.atomic():
                device.confirmed = True
                device.save(update_fields=["confirmed"])
                fresh = _new_codes(request, "second_factor.set_up")
            _verified(request, device)
            return _recovery_page(request, fresh, _next(request))
        form.add_error("code", WRONG)
    return _page(
        request,
        "operators/second_factor_set_up.html",
        title="Set up the second factor",
        form=form,
        picture=segno.make(device.config_url, error="m").svg_data_uri(scale=4, border=3, dark="#000", light="#fff"),
        secret=_grouped(device.bin_key),
    )


def _pending_device(request: HttpRequest) -> Any:
    """The secret that this session alone is being shown: nobody may know it from a login of their own before."""
    unconfirmed = TOTPDevice.objects.filter(user=request.user, confirmed=False)
    device = unconfirmed.filter(pk=request.session.get(_PENDING)).first()
    if device is None:
        unconfirmed.delete()
        device = TOTPDevice.objects.create(user=request.user, confirmed=False, name="Authenticator app")
        request.session[_PENDING] = device.pk
    return device


RENEW = Question("Recovery codes", ("The old codes stop working at once.",), "Make new codes", destructive=True)


def recovery(request: HttpRequest) -> HttpResponse:
    """How many recovery codes are left, and new ones on demand. Behind the site's own guard."""
    has_device = django_otp.user_has_device(request.user)
    form = ConfirmForm(request, RENEW, request.POST if request.method == "POST" else None)
    if has_device and form.is_valid():
        with transaction.atomic():
            fresh = _new_codes(request, "recovery_codes.renew")
        return _recovery_page(request, fresh, reverse("admin:index"))
    left = codes.left_of(request.user)
    return _page(request, "operators/recovery.html", title=RENEW.title, form=form, left=left, has_device=has_device)


def _verified(request: HttpRequest, device: Any) -> None:
    # A new session key, as after the password: nobody may have planted the old one.
    request.session.cycle_key()
    django_otp.login(request, device)
    proof.note_proof(request)
    with transaction.atomic():
        _note(request, "second_factor.accept", device.name)


def _note(request: HttpRequest, action: str, note: str = "") -> None:
    user: Any = request.user
    audit.record(user, action, user, note=note)


def _new_codes(request: HttpRequest, action: str) -> list[str]:
    user: Any = request.user
    _note(request, action)
    return codes.renew(user)


def _recovery_page(request: HttpRequest, fresh: list[str], further: str) -> HttpResponse:
    return _page(request, "operators/recovery_codes.html", title="Your recovery codes", codes=fresh, further=further)


def _next(request: HttpRequest) -> str:
    target = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else reverse("admin:index")


def _grouped(key: bytes) -> str:
    text = b32encode(key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
