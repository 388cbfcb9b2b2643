"""The language switch in the foot of every page."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from arena.web.origins import is_own_origin
from arena.web.views.errors import csrf_failure


@csrf_exempt
def switch(request: HttpRequest) -> HttpResponseBase:
    """Keep the language in a cookie and return. The form has no token, which would make its page one visitor's own.

    What protects it instead is the origin, which every browser names when it sends a form.
    """
    named = ((name, request.headers.get(name, "")) for name in ("origin", "host"))
    if request.method == "POST" and not is_own_origin([(name.encode(), said.encode()) for name, said in named]):
        return csrf_failure(request)
    return set_language(request)
