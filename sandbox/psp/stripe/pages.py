"""The hosted page to pay on, and the same for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sandbox.psp import keys
from sandbox.psp.programs import takes_object
from sandbox.psp.stripe.models import StripeSession
from sandbox.psp.stripe.paying import CARDS, WALLETS, CannotPay, pay

_LABELS = {"card": "银行卡 Card", "alipay": "支付宝 Alipay", "wechat_pay": "微信支付 WeChat Pay"}


@csrf_exempt
@never_cache
@sensitive_post_parameters("number")
@require_http_methods(["GET", "POST"])
def hosted(request: HttpRequest, token: str) -> HttpResponse:
    """Show the payment and take the buyer's decision; the card number is looked at and let go."""
    session = get_object_or_404(StripeSession, token=token)
    error, status = "", 200
    if request.method == "POST":
        if request.POST.get("action") != "pay":
            return HttpResponseRedirect(session.cancel_url or session.success_url)
        try:
            session = pay(
                session,
                request.POST.get("method", ""),
                number=request.POST.get("number", ""),
                persona=request.POST.get("persona", "good"),
            )
        except CannotPay as refusal:
            error, status = str(refusal), 400
        else:
            if session.status == "complete":
                return HttpResponseRedirect(session.success_url)
            error, status = "付款被拒绝，可以再试 · declined; you may try again", 402
    context = {
        "session": session,
        "amount": f"{session.amount // 100}.{session.amount % 100:02d}",
        "merchant": keys.MERCHANT_NAME,
        "methods": [(name, _LABELS[name]) for name in session.methods],
        "cards": [(" ".join(n[i : i + 4] for i in range(0, 16, 4)), c.label) for n, c in CARDS.items()],
        "wallets": [(name, outcome.label) for name, outcome in WALLETS.items()],
        "error": error,
    }
    return render(request, "sandbox/psp/stripe_checkout.html", context, status=status)


def _wanted(data: dict[str, Any]) -> StripeSession | None:
    for name, column in (("session", "ref"), ("client_reference_id", "client_reference_id")):
        if data.get(name):
            return StripeSession.objects.filter(**{column: str(data[name])}).order_by("-pk").first()
    return None


@takes_object
def pay_json(data: dict[str, Any]) -> JsonResponse:
    """POST /sandbox/psp/stripe/pay {session | client_reference_id, method, number, persona}"""
    session = _wanted(data)
    if session is None:
        return JsonResponse({"error": "no such session"}, status=404)
    try:
        session = pay(
            session,
            str(data.get("method") or "card"),
            number=str(data.get("number") or ""),
            persona=str(data.get("persona") or "good"),
        )
    except CannotPay as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse(
        {
            "session": session.ref,
            "status": session.status,
            "payment_intent": session.intent.ref if session.intent else None,
        }
    )
