"""Bank statements written by hand after their specifications, to read and to break."""

from __future__ import annotations

from decimal import Decimal

IBAN = "DE89370400440532013000"  # the example of the IBAN registry
PAYER = "GB29NWBK60161331926819"


def camt(rows, *, version: str = "08", iban: str = IBAN, currency: str = "EUR", opening="1000.00", number="S-1") -> str:
    """A camt.053 of these (amount, text, name, iban, end to end) rows: version 02 or 08."""
    closing = Decimal(opening) + sum(Decimal(row[0]) for row in rows)
    entries = "".join(_entry(n, row, version, currency) for n, row in enumerate(rows, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr>'
        "<MsgId>M1</MsgId><CreDtTm>2026-03-03T06:00:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>{number}</Id><CreDtTm>2026-03-03T06:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id>"
        f"<Ccy>{currency}</Ccy></Acct>\n{_balance('OPBD', opening, currency)}{_balance('CLBD', closing, currency)}"
        f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
    )


def _balance(code: str, amount, currency: str) -> str:
    side = "DBIT" if Decimal(amount) < 0 else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{abs(Decimal(amount))}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>\n"
    )


def _entry(n: int, row, version: str, currency: str) -> str:
    amount, text, name, iban, end_to_end = row
    side = "DBIT" if Decimal(amount) < 0 else "CRDT"
    status = "<Cd>BOOK</Cd>" if version == "08" else "BOOK"
    who = "Cdtr" if side == "DBIT" else "Dbtr"
    named = f"<Pty><Nm>{name}</Nm></Pty>" if version == "08" else f"<Nm>{name}</Nm>"
    account = f"<{who}Acct><Id><IBAN>{iban}</IBAN></Id></{who}Acct>" if iban else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{abs(Decimal(amount))}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>B{n}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
        + (f'<Amt Ccy="{currency}">{abs(Decimal(amount))}</Amt><CdtDbtInd>{side}</CdtDbtInd>' * (version == "08"))
        + f"<RltdPties><{who}>{named}</{who}>{account}</RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


# SWIFT Standards MT, category 9, MT940; field 86 structured after the ZKA's "DTA" appendix.
MT940 = """:20:STARTUMS
:25:DE89370400440532013000
:28C:00007/001
:60F:C260301EUR1000,00
:61:2603020302C260,00NTRFNONREF//BANK-1
:86:166?00SEPA-UEBERWEISUNG?20EREF+INV-9?21SVWZ+{reference}
?22 Shares?30NWBKGB2L?31GB29NWBK60161331926819?32ADA BYRON
:61:2603020302D12,50NCHGNONREF//BANK-2
:86:808?00ENTGELT?20Account charges March
:62F:C260302EUR1247,50
-
"""

# OFX 1.0.2 (SGML), section 11.4.2 statement response.
OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260303060000<LANGUAGE>ENG</SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>{currency}
<BANKACCTFROM><BANKID>121000248<ACCTID>0123456789<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301<DTEND>20260302
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260302120000<TRNAMT>260.00<FITID>F-1<NAME>ADA BYRON<MEMO>{reference} Shares
</STMTTRN>
<STMTTRN><TRNTYPE>FEE<DTPOSTED>20260302120000<TRNAMT>-12.50<FITID>F-2<NAME>BANK<MEMO>Charges</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1247.50<DTASOF>20260302</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""

CSV = """Buchungstag;Betrag;Verwendungszweck;Name;IBAN;Währung
02.03.2026;260,00;{reference} Anteile;ADA BYRON;GB29NWBK60161331926819;EUR
02.03.2026;-12,50;Entgelt;Bank;;EUR
"""
