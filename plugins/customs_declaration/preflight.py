"""What customs would check, checked before anything is sent. Findings never hold personal data.

Codes are customs' own where one is known (docs/customs.md says where from): 1300 name or ID number, 1311 guarantee
short, 1313 and -621018 yearly limit, -621005 limit of one order, -621004 list declared already, and those of the
comparison of the four documents (``comparison``). The others are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import BookBalance, ParcelLine, ParcelView

from .comparison import Problem, compare
from .config import BONDED
from .identity_checks import id_number_ok, name_ok
from .mapping import Case, gross_grams, net_grams
from .messages import MESSAGES, MessageData, check
from .messages.check import Remedy
from .messages.rules import JUDGED_ELSEWHERE, check_rules
from .situation import LIST, Situation, gather
from .tax import Outcome, Refusal, decide

__all__ = ["NotDeclarable", "Problem", "dutiable_value", "ensure", "find"]

_MOST_TOLD = 5


class NotDeclarable(PermanentError):
    """A declaration would be refused; ``data["findings"]`` lists why, ``problems`` as values."""

    code = "not_declarable"

    def __init__(self, problems: list[Problem]) -> None:
        told = "; ".join(str(one) for one in problems[:_MOST_TOLD])
        more = f" (and {len(problems) - _MOST_TOLD} more)" if len(problems) > _MOST_TOLD else ""
        super().__init__(f"not sent: {told}{more}", findings=[one.as_json() for one in problems])
        self.problems = problems


def ensure(case: Case, data: MessageData) -> None:
    """Raise ``NotDeclarable`` with every problem of a message; remarks alone go to the audit log.

    Call with the declaration's row locked, in the transaction that stores the message.
    """
    judge(case, data, gather(case, data))


def judge(case: Case, data: MessageData, situation: Situation) -> None:
    """Do as ``ensure`` in a situation that was looked up already."""
    problems = [*find(case, data, situation), *_structure(data, case.config.edition)]
    if any(one.blocking for one in problems):
        raise NotDeclarable(problems)
    if problems:
        told = [one.as_json() for one in problems]
        audit.record("customs.preflight", "parcel", case.parcel.id, kind=data.message, findings=told)


def find(case: Case, data: MessageData, situation: Situation) -> list[Problem]:
    """Return the problems of substance of a message in its situation."""
    parcel = case.parcel
    return [
        *_identity(case),
        *_rules(data),
        *compare(situation.four),
        *_limits(case, situation),
        *_support(case),
        *(_bonded(case, situation) if parcel.lane == BONDED else ()),
        *_listed(parcel, case, situation),
        *_weights(parcel),
        *(_list(case, situation) if data.message == LIST else ()),
    ]


def _structure(data: MessageData, edition: str) -> Iterator[Problem]:
    for finding in check(data, edition):
        if finding.severity == "error":
            yield Problem(finding.path, finding.code, finding.message, finding.remedy)


def _rules(data: MessageData) -> Iterator[Problem]:
    for index, document in enumerate(data.documents):
        for finding in check_rules(MESSAGES[data.message], index, document, JUDGED_ELSEWHERE):
            yield Problem(finding.path, finding.code, finding.message, finding.remedy)


def _identity(case: Case) -> Iterator[Problem]:
    if not name_ok(case.identity.name):
        text = "not a Chinese name as printed on a resident ID"
        yield Problem("buyerName", "1300", text, Remedy.ASK_BUYER)
    if not id_number_ok(case.identity.id_number):
        yield Problem("buyerIdNumber", "1300", "fails the check of GB 11643", Remedy.ASK_BUYER)


def _limits(case: Case, situation: Situation) -> Iterator[Problem]:
    """The limit of one order, the year by this order alone, and the year with what the person has used."""
    limits, dutiable = situation.limits, dutiable_value(case.parcel)
    pieces = Decimal(sum(line.quantity for line in case.parcel.lines))
    outcome, refusal = decide(dutiable, pieces, Decimal(0), limits)
    if outcome is Outcome.REFUSED and refusal is Refusal.ANNUAL_LIMIT:
        text = f"{dutiable} yuan exceed the {limits.annual} of a year"
        yield Problem("goodsValue", "-621018", text, Remedy.FINAL)
        return
    if outcome is Outcome.REFUSED:
        text = f"{dutiable} yuan of several pieces exceed the {limits.single} of one order"
        yield Problem("goodsValue", "-621005", text, Remedy.FINAL)
    if situation.used + dutiable > limits.annual:
        text = f"with {situation.used} yuan used this year {dutiable} more exceed {limits.annual}"
        yield Problem("buyerIdNumber", "1313", text, Remedy.FINAL)


def dutiable_value(parcel: ParcelView) -> Decimal:
    """Return what counts towards limits and quota: goods and freight, before tax."""
    return parcel.goods_value.amount + parcel.freight.amount


def _support(case: Case) -> Iterator[Problem]:
    support = case.support
    for field, value in (
        ("payCode", support.pay_code),
        ("payName", support.pay_name),
        ("payTransactionId", support.pay_transaction_id),
    ):
        if not value:
            yield Problem(field, "payment", "the declared payment does not name it", Remedy.OPERATOR)


def _bonded(case: Case, situation: Situation) -> Iterator[Problem]:
    """Book number, and each line against its item of the book: code, units, what is left."""
    if not case.support.ems_no:
        yield Problem("emsNo", "book", "the bonded book is not known", Remedy.OPERATOR)
    for line in case.parcel.lines:
        place = f"InventoryList[{line.gnum}]"
        if not case.support.item_record(line):
            text = "the article has no item in the book"
            yield Problem(f"{place}/itemRecordNo", "book", text, Remedy.OPERATOR)
        elif situation.book is not None:
            item = situation.book.get(line.gnum)
            if item is None:
                text = "the bonded book has no such item"
                yield Problem(f"{place}/itemRecordNo", "book", text, Remedy.OPERATOR)
            else:
                yield from _item(place, line, item)


def _item(place: str, line: ParcelLine, item: BookBalance) -> Iterator[Problem]:
    facts = line.facts
    for name, ours, books in (
        ("unit", facts.unit, item.dcl_unit),
        ("unit1", facts.unit1, item.lawf_unit),
        ("gcode", facts.hs_code, item.hs_code),
        ("country", facts.origin, item.origin),
    ):
        if books and ours != books:
            yield Problem(f"{place}/{name}", f"book_{name}", f"is {ours or 'empty'}, in the book {books}")
    if (
        item.item_record_no
        and "item_record_no" in line.corrected
        and facts.item_record_no != item.item_record_no
    ):
        text = f"is {facts.item_record_no or 'empty'}, the goods lie in the book under {item.item_record_no}"
        yield Problem(f"{place}/itemRecordNo", "book_record", text)
    if item.stopped:
        yield Problem(f"{place}/itemRecordNo", "book_stopped", "customs stopped the item", Remedy.OPERATOR)
    if item.held + item.available < line.declared_quantity:
        text = f"{line.declared_quantity} wanted, {item.held:f} held and {item.available:f} left in the book"
        yield Problem(f"{place}/qty", "book_short", text, Remedy.OPERATOR)


def _listed(parcel: ParcelView, case: Case, situation: Situation) -> Iterator[Problem]:
    """The positive list with its remarks; those that only words describe are put before a person."""
    if situation.listed is None:
        return
    for line in parcel.lines:
        place = f"InventoryList[{line.gnum}]/gcode"
        verdict = situation.listed.verdict(line.facts.hs_code, parcel.lane, case.now.date())
        if not verdict.listed:
            yield Problem(place, "not_listed", "the code is not on the positive list")
        for rule in verdict.refused:
            text = f"the list allows the code only with its remark ({rule.rule}): {rule.remark or 'see list'}"
            yield Problem(place, "list_remark", text)
        for rule in verdict.confirm:
            text = f"the list's remark ({rule.rule}) needs a person: {rule.remark}"
            yield Problem(place, "list_confirm", text, Remedy.OPERATOR, blocking=False)
    for breach in situation.breaches:
        text = f"{breach.wanted:f} {breach.rule.unit} of {breach.rule.group}, {breach.left:f} left this year"
        yield Problem("InventoryList", "yearly_quantity", text, Remedy.FINAL)


def _weights(parcel: ParcelView) -> Iterator[Problem]:
    net, gross = net_grams(parcel), gross_grams(parcel)
    if not 0 < net <= gross:
        yield Problem("netWeight", "weight", f"{net} g net and {gross} g gross cannot be")


def _list(case: Case, situation: Situation) -> Iterator[Problem]:
    if situation.list_is_there:
        text = "customs have a list of this order already"
        yield Problem("orderNo", "-621004", text, Remedy.OPERATOR)
    tax = case.parcel.tax_total.amount
    if situation.guarantee_left is not None and tax > situation.guarantee_left:
        text = f"{tax} yuan of tax, {situation.guarantee_left} left of the guarantee"
        yield Problem("assureCode", "1311", text, Remedy.OPERATOR)
