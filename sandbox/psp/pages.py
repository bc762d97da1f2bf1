"""The phone: a page to pay on, and the same for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sandbox.http import web_address
from sandbox.psp import keys
from sandbox.psp.models import Payment
from sandbox.psp.payments import PERSONAS, CannotPay, pay
from sandbox.psp.programs import takes_object

#: What the buyer would see the page in.
WALLETS = {"wechat": "微信支付 · WeChat Pay", "antom": "支付宝 · Alipay"}


def _back(url: str) -> str:
    """Return where the shop wants the buyer back; only web addresses are followed."""
    return url if web_address(url) else ""


@csrf_exempt
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest, token: str) -> HttpResponse:
    """Show the payment, and take the shopper's decision."""
    payment = get_object_or_404(Payment, token=token)
    error, status, cancelled = "", 200, False
    back = _back(request.GET.get("redirect_url", ""))
    if request.method == "POST":
        if request.POST.get("action") == "pay":
            try:
                payment = pay(payment, request.POST.get("persona", "same"))
            except CannotPay as refusal:
                error, status = str(refusal), 400
        else:
            cancelled = True
        if back and not error:
            return HttpResponseRedirect(back)
    context = {
        "payment": payment,
        "amount": f"{payment.total // 100}.{payment.total % 100:02d}",
        "merchant": keys.MERCHANT_NAME,
        "wallet": WALLETS[payment.company],
        "personas": PERSONAS,
        "error": error,
        "cancelled": cancelled,
        "back": back,
    }
    return render(request, "sandbox/psp/phone.html", context, status=status)


def _wanted(data: dict[str, Any]) -> Payment | None:
    if data.get("out_trade_no"):
        return Payment.objects.filter(out_trade_no=data["out_trade_no"]).first()
    address = web_address(str(data.get("code_url") or data.get("mweb_url") or ""))
    token = address.path.removeprefix("/pay/").strip("/") if address else ""
    return Payment.objects.filter(token=token).first() if token else None


@takes_object
def pay_json(data: dict[str, Any]) -> JsonResponse:
    """POST /sandbox/psp/pay {code_url | mweb_url | out_trade_no, persona, payer_name, payer_id_number}"""
    payment = _wanted(data)
    if payment is None:
        return JsonResponse({"error": "no such payment"}, status=404)
    try:
        payment = pay(
            payment,
            str(data.get("persona") or "same"),
            str(data.get("payer_name") or ""),
            str(data.get("payer_id_number") or ""),
        )
    except CannotPay as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse(
        {
            "out_trade_no": payment.out_trade_no,
            "trade_state": payment.state,
            "transaction_id": payment.transaction_id,
            "persona": payment.persona,
        }
    )
