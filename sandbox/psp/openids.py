"""WeChat's web authorization: who looks at a page inside WeChat, by the official account's own name for the person.

The person is asked nothing (``snsapi_base``). A code works once, for five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_GET

from sandbox.http import web_address
from sandbox.jobs.models import Knob
from sandbox.psp import keys

APP_SECRET = "sandbox-app-secret"  # noqa: S105  # public, as everything of the sandbox
_SALT, _AGE = "sandbox.wechat.code", 300
_COOKIE = "sandbox_wechat"


@require_GET
def authorize(request: HttpRequest) -> HttpResponse:
    """Know the browser by a cookie and send it back with a code."""
    back = request.GET.get("redirect_uri", "")
    wanted = (request.GET.get("response_type"), request.GET.get("scope"))
    if (
        request.GET.get("appid") != keys.load().appid
        or wanted != ("code", "snsapi_base")
        or not web_address(back)
    ):
        return HttpResponseBadRequest("redirect_uri 参数错误")
    person = request.COOKIES.get(_COOKIE) or secrets.token_hex(12)
    code = signing.dumps({"openid": _openid(person), "once": secrets.token_hex(8)}, salt=_SALT)
    mark = "&" if "?" in back else "?"
    query = urlencode({"code": code, "state": request.GET.get("state", "")})
    answer = HttpResponseRedirect(f"{back}{mark}{query}")
    answer.set_cookie(_COOKIE, person, httponly=True)
    return answer


@require_GET
def access_token(request: HttpRequest) -> JsonResponse:
    """GET /sns/oauth2/access_token: errors come with status 200, as WeChat's do."""
    if request.GET.get("appid") != keys.load().appid:
        return _refused(40013, "invalid appid")
    if not hmac.compare_digest(request.GET.get("secret", ""), APP_SECRET):
        return _refused(40125, "invalid appsecret")
    try:
        found = signing.loads(request.GET.get("code", ""), salt=_SALT, max_age=_AGE)
    except signing.BadSignature:
        return _refused(40029, "invalid code")
    _row, first = Knob.objects.get_or_create(pk=f"code:{found['once']}", defaults={"value": True})
    if not first:
        return _refused(40163, "code been used")
    token = secrets.token_hex(16)
    return JsonResponse(
        {
            "access_token": token,
            "expires_in": 7200,
            "refresh_token": token,
            "openid": found["openid"],
            "scope": "snsapi_base",
        }
    )


def known(openid: str) -> bool:
    """Tell whether an openid is of this official account."""
    person, mark = openid[8:-8], openid[-8:]
    return openid.startswith("oSANDBOX") and mark == _mark(person)


def _openid(person: str) -> str:
    return f"oSANDBOX{person}{_mark(person)}"


def _mark(person: str) -> str:
    return hashlib.sha256(f"{keys.load().appid}|{person}".encode()).hexdigest()[:8]


def _refused(code: int, text: str) -> JsonResponse:
    return JsonResponse({"errcode": code, "errmsg": text})
