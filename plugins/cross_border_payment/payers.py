"""The pages that learn who pays inside WeChat, on the way to the review of an order and back.

Whatever goes wrong, the buyer comes back: without an openid the code to scan is shown instead.
"""

from __future__ import annotations

import hmac
import logging
import secrets

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from saleor_ext.core.errors import PonteError
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import keep_payer

from . import gateways
from .config import WechatConfig
from .wechat import payer
from .wechat.gateway import WechatGateway

log = logging.getLogger(__name__)
_ASKED = "payment.payer_asked"


@never_cache
@require_GET
def ask(request: HttpRequest, account: str) -> HttpResponse:
    """Send the browser to WeChat; ``next`` is one of our pages."""
    config = _config(account)
    onward = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = "/"
    state = secrets.token_urlsafe(16)
    request.session[_ASKED] = {"state": state, "next": onward}
    back = platform_settings().public_url + reverse("payment:payer_told", args=[account])
    return HttpResponseRedirect(payer.authorize_url(config, back, state))


@never_cache
@require_GET
def told(request: HttpRequest, account: str) -> HttpResponse:
    """Take WeChat's word of who it is, if it answers our own question, and go on."""
    config = _config(account)
    asked = request.session.pop(_ASKED, None) or {"state": "", "next": "/"}
    openid = ""
    if asked["state"] and hmac.compare_digest(asked["state"], request.GET.get("state", "")):
        try:
            openid = payer.openid(config, request.GET.get("code", ""), gateways.transport())
        except PonteError as error:
            log.warning("wechat/%s: %s (%s)", account, error.message, error.code)
    # Empty, too: so that nobody is sent round and round.
    keep_payer(request.session, reverse("payment:payer_ask", args=[account]), openid)
    return HttpResponseRedirect(asked["next"])


def _config(account: str) -> WechatConfig:
    found = gateways.configured().get((WechatGateway.identifier, account))
    if not isinstance(found, WechatConfig) or not found.app_secret.get_secret_value():
        raise Http404
    return found
