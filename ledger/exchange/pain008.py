"""SEPA direct debits (core): pain.008.001.08 (ISO 20022), a batch for first and one for recurring ones, in euro.

The tests hold the file against the published schema. Letters are the EPC's Latin set (EPC217-08).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from ledger.exchange.pain001 import _agent, _euro, _text
from ledger.exchange.payments_out import Written

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
FIRST, RECURRING = "FRST", "RCUR"


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, into which account, known to the banks by the creditor identifier."""

    name: str
    iban: str
    creditor_id: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One debit in minor units; ``reference`` is ours and comes back with a returned one."""

    reference: str
    mandate: str
    signed_on: date
    sequence: str
    name: str
    iban: str
    amount: int
    memo: str
    bic: str = ""


def is_creditor_id(text: str) -> bool:
    """Whether the check digits of a SEPA creditor identifier hold (EPC262-08 § 1.2).

    They are an IBAN's, over the national part alone: the three letters of the creditor's business code do not count.

    >>> is_creditor_id("DE98ZZZ09999999999"), is_creditor_id("DE97ZZZ09999999999")
    (True, False)
    """
    if not (8 <= len(text) <= 35 and text.isascii() and text.isalnum() and text[:2].isalpha() and text[2:4].isdigit()):
        return False
    digits = "".join(str(int(letter, 36)) for letter in text[7:] + text[:4])
    return int(digits) % 97 == 1


def write(
    creditor: Creditor, collections: Sequence[Collection], *, message: str, made_at: datetime, collect_on: date
) -> Written:
    """The file for these debits. ``message`` (at most 30 letters) is known to the bank once and for ever.

    Raises ValueError for no debit, an amount that is not positive, an unknown sequence, a wrong IBAN or identifier.
    """
    if not collections:
        raise ValueError("there is nothing to collect")
    if not is_creditor_id(creditor.creditor_id):
        raise ValueError(f"{creditor.creditor_id} is no creditor identifier")
    total = sum(each.amount for each in collections)
    batches = [(sequence, [c for c in collections if c.sequence == sequence]) for sequence in (FIRST, RECURRING)]
    if sum(len(found) for _sequence, found in batches) != len(collections):
        raise ValueError("a debit is neither first nor recurring")
    body = "".join(_batch(creditor, found, message, sequence, collect_on) for sequence, found in batches if found)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}"><CstmrDrctDbtInitn>'
        f"<GrpHdr><MsgId>{_text(message, 35)}</MsgId><CreDtTm>{made_at:%Y-%m-%dT%H:%M:%S}Z</CreDtTm>"
        f"<NbOfTxs>{len(collections)}</NbOfTxs><CtrlSum>{_euro(total)}</CtrlSum>"
        f"<InitgPty><Nm>{_text(creditor.name, 70)}</Nm></InitgPty></GrpHdr>\n"
        f"{body}</CstmrDrctDbtInitn></Document>\n"
    )
    return Written(f"{message}.xml", text.encode(), len(collections), total)


def _batch(creditor: Creditor, found: list[Collection], message: str, sequence: str, collect_on: date) -> str:
    return (
        f"<PmtInf><PmtInfId>{_text(f'{message}-{sequence}', 35)}</PmtInfId><PmtMtd>DD</PmtMtd>"
        f"<BtchBookg>true</BtchBookg><NbOfTxs>{len(found)}</NbOfTxs>"
        f"<CtrlSum>{_euro(sum(each.amount for each in found))}</CtrlSum>"
        "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>CORE</Cd></LclInstrm>"
        f"<SeqTp>{sequence}</SeqTp></PmtTpInf><ReqdColltnDt>{collect_on:%Y-%m-%d}</ReqdColltnDt>"
        f"<Cdtr><Nm>{_text(creditor.name, 70)}</Nm></Cdtr><CdtrAcct><Id><IBAN>{creditor.iban}</IBAN></Id></CdtrAcct>"
        f"<CdtrAgt><FinInstnId>{_agent(creditor.bic)}</FinInstnId></CdtrAgt><ChrgBr>SLEV</ChrgBr>"
        f"<CdtrSchmeId><Id><PrvtId><Othr><Id>{creditor.creditor_id}</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr>"
        f"</PrvtId></Id></CdtrSchmeId>\n{''.join(map(_debit, found))}</PmtInf>\n"
    )


def _debit(each: Collection) -> str:
    try:
        IBAN(each.iban)
    except (SchwiftyException, ValueError):
        raise ValueError(f"{each.reference}: no IBAN") from None
    if each.amount <= 0:
        raise ValueError(f"{each.reference}: no amount")
    return (
        f"<DrctDbtTxInf><PmtId><EndToEndId>{_text(each.reference, 35)}</EndToEndId></PmtId>"
        f'<InstdAmt Ccy="EUR">{_euro(each.amount)}</InstdAmt>'
        f"<DrctDbtTx><MndtRltdInf><MndtId>{_text(each.mandate, 35)}</MndtId>"
        f"<DtOfSgntr>{each.signed_on:%Y-%m-%d}</DtOfSgntr></MndtRltdInf></DrctDbtTx>"
        f"<DbtrAgt><FinInstnId>{_agent(each.bic)}</FinInstnId></DbtrAgt><Dbtr><Nm>{_text(each.name, 70)}</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{each.iban}</IBAN></Id></DbtrAcct>"
        f"<RmtInf><Ustrd>{_text(each.memo, 140)}</Ustrd></RmtInf></DrctDbtTxInf>\n"
    )
