"""Who pays inside WeChat: the official account's own name for the person (``openid``), learnt without asking.

Inside WeChat a page opens the wallet by itself only for an ``openid`` of the account that the merchant number is bound
to. WeChat tells it by OAuth with the scope ``snsapi_base``, which shows the buyer nothing.
Source: developers.weixin.qq.com, official accounts, web page authorization; read 2026-11.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import httpx2

from ..config import WechatConfig
from ..port import GatewayRefused, GatewayUnavailable

SCOPE = "snsapi_base"
OPENID = re.compile(r"[0-9A-Za-z_-]{6,128}")
TIMEOUT = 5.0


def authorize_url(config: WechatConfig, back: str, state: str) -> str:
    """Return where the buyer's browser goes; it comes to ``back`` with ``code`` and ``state``."""
    query = {
        "appid": config.appid,
        "redirect_uri": back,
        "response_type": "code",
        "scope": SCOPE,
        "state": state,
    }
    return f"{config.authorize_url}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def openid(config: WechatConfig, code: str, transport: httpx2.BaseTransport | None = None) -> str:
    """Turn the code into the openid; a code works once.

    :raises GatewayRefused: WeChat knows no such code
    :raises GatewayUnavailable: no usable answer
    """
    query = {
        "appid": config.appid,
        "secret": config.app_secret.get_secret_value(),
        "code": code,
        "grant_type": "authorization_code",
    }
    try:
        with httpx2.Client(timeout=TIMEOUT, transport=transport, trust_env=False) as client:
            answer = client.get(f"{config.account_url}/sns/oauth2/access_token", params=query).json()
    except (httpx2.HTTPError, ValueError):
        # The address holds the secret, so neither it nor the error's words are passed on.
        raise GatewayUnavailable("WeChat did not tell who pays") from None
    if not isinstance(answer, dict):
        raise GatewayUnavailable("the answer is not of the known shape")
    if answer.get("errcode"):
        raise GatewayRefused("WeChat did not tell who pays", code=str(answer["errcode"]))
    found = answer.get("openid")
    if not isinstance(found, str) or not OPENID.fullmatch(found):
        raise GatewayUnavailable("the answer names no openid")
    return found
