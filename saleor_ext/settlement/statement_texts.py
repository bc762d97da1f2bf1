"""The words of statements. They are documents in a language that is asked for, not pages in the reader's."""

from __future__ import annotations

COLUMNS = (
    "day", "order", "kind", "gross", "commission_column", "fee", "net", "balance", "journal", "reference"
)  # fmt: skip
LANGUAGES = ("en", "pt", "zh-Hant")
_TEXTS = {
    "statement": ("Statement", "Extrato", "結算單"),
    "period": ("Period", "Período", "期間"),
    "opening": ("Opening balance", "Saldo inicial", "期初結餘"),
    "closing": ("Closing balance", "Saldo final", "期末結餘"),
    "sum": ("Sum", "Total", "合計"),
    "page": ("Page", "Página", "頁"),
    "day": ("Date", "Data", "日期"),
    "order": ("Order", "Encomenda", "訂單編號"),
    "kind": ("Kind", "Tipo", "類別"),
    "gross": ("Gross", "Bruto", "總額"),
    "commission_column": ("Commission", "Comissão", "佣金"),
    "fee": ("Fee", "Encargos", "手續費"),
    "net": ("Net", "Líquido", "淨額"),
    "balance": ("Balance", "Saldo", "結餘"),
    "journal": ("Journal", "Lançamento", "分錄"),
    "reference": ("Reference", "Referência", "參考編號"),
    "assigned": ("Sale", "Venda", "銷售"),
    "commission": ("Commission", "Comissão", "佣金"),
    "commission_back": ("Commission returned", "Comissão devolvida", "佣金退回"),
    "refunded": ("Refund", "Reembolso", "退款"),
    "charged_back": ("Chargeback", "Estorno", "拒付"),
    "charge_back_reversed": ("Chargeback reversed", "Estorno revertido", "拒付撤銷"),
    "released": ("Released for payout", "Disponibilizado", "可付款"),
    "payout": ("Payout", "Pagamento", "付款"),
    "payout_failed": ("Payout returned", "Pagamento devolvido", "付款退回"),
}


def texts(language: str) -> dict[str, str]:
    """Return the words in a language.

    :raises ValueError: no such language
    """
    if language not in LANGUAGES:
        raise ValueError(f"statements are in {', '.join(LANGUAGES)}, not {language}")
    place = LANGUAGES.index(language)
    return {name: words[place] for name, words in _TEXTS.items()}
