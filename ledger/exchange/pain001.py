"""SEPA credit transfers: pain.001.001.09 (ISO 20022), one batch in euro, written as text.

Addresses are structured (unstructured ones are refused by the banks from November 2026); one without a place and a
country is left out, which SEPA allows. Letters are the EPC's Latin set (EPC217-08). The tests hold the file against the
published schema.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

from ledger.exchange.payments_out import Payer, Payment, Written, plain

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ALLOWED = frozenset(string.ascii_letters + string.digits + "/-?:().,'+ ")


def write(payer: Payer, payments: Sequence[Payment], *, message: str, made_at: datetime, pay_on: date) -> Written:
    """The file for these payments. ``message`` (at most 35 letters) is known to the bank once and for ever.

    Raises ValueError for no payment, an amount that is not positive, or a payment without IBAN.
    """
    if not payments:
        raise ValueError("there is nothing to pay")
    total = sum(payment.amount for payment in payments)
    body = "".join(map(_transfer, payments))
    count, control = len(payments), _euro(total)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>'
        f"<GrpHdr><MsgId>{_text(message, 35)}</MsgId><CreDtTm>{made_at:%Y-%m-%dT%H:%M:%S}Z</CreDtTm>"
        f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{control}</CtrlSum>"
        f"<InitgPty><Nm>{_text(payer.name, 70)}</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>{_text(message, 35)}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>"
        f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{control}</CtrlSum>"
        "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
        f"<ReqdExctnDt><Dt>{pay_on:%Y-%m-%d}</Dt></ReqdExctnDt>"
        f"<Dbtr><Nm>{_text(payer.name, 70)}</Nm>{_address(payer)}</Dbtr>"
        f"<DbtrAcct><Id><IBAN>{payer.iban}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId>{_agent(payer.bic)}</FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>\n"
        f"{body}</PmtInf></CstmrCdtTrfInitn></Document>\n"
    )
    return Written(f"{message}.xml", text.encode(), count, total)


def _transfer(payment: Payment) -> str:
    if payment.amount <= 0 or not payment.iban:
        raise ValueError(f"{payment.reference}: no amount or no IBAN")
    agent = f"<CdtrAgt><FinInstnId><BICFI>{payment.bic}</BICFI></FinInstnId></CdtrAgt>" if payment.bic else ""
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{_text(payment.reference, 35)}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{_euro(payment.amount)}</InstdAmt></Amt>{agent}'
        f"<Cdtr><Nm>{_text(payment.name, 70)}</Nm>{_address(payment)}</Cdtr>"
        f"<CdtrAcct><Id><IBAN>{payment.iban}</IBAN></Id></CdtrAcct>"
        f"<RmtInf><Ustrd>{_text(payment.memo, 140)}</Ustrd></RmtInf></CdtTrfTxInf>\n"
    )


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _text(value: str, width: int) -> str:
    return escape(plain(value, ALLOWED, width)) or "."


def _agent(bic: str) -> str:
    return f"<BICFI>{bic}</BICFI>" if bic else "<Othr><Id>NOTPROVIDED</Id></Othr>"


def _address(who: Payer | Payment) -> str:
    country = who.country.upper()
    if not who.place.strip() or len(country) != 2 or not country.isalpha():
        return ""
    parts = (("StrtNm", who.street, 70), ("PstCd", who.postcode, 16), ("TwnNm", who.place, 35))
    lines = "".join(f"<{name}>{_text(value, width)}</{name}>" for name, value, width in parts if value.strip())
    return f"<PstlAdr>{lines}<Ctry>{country}</Ctry></PstlAdr>"
