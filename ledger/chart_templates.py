"""Charts of accounts to begin with, by trade and by continent. Data only: a co-op edits its own chart afterwards.

A row is (code, name, kind, purpose). A purpose says what the platform posts there by itself; an account without one is
the treasurer's. The numbering is our own plain one and claims no national standard: ask your adviser.
"""

from __future__ import annotations

from typing import Final

Row = tuple[str, str, str, str]

_COMMON: Final[tuple[Row, ...]] = (
    ("1000", "Bank", "asset", "bank"),
    ("1010", "Cash in hand", "asset", "cash"),
    ("1200", "Owed by customers", "asset", ""),
    ("1250", "Owed by members", "asset", "member_receivable"),
    ("1300", "Stock", "asset", ""),
    ("1500", "Equipment", "asset", ""),
    ("2000", "Owed to suppliers", "liability", ""),
    ("2100", "Refunds payable to members", "liability", "patronage_payable"),
    ("2110", "Interest on shares payable", "liability", "share_interest_payable"),
    ("2120", "Shares to be paid back", "liability", "redemption_payable"),
    ("2130", "Paid in advance by members", "liability", "member_credit"),
    ("2140", "Payments not yet matched", "liability", "unmatched"),
    ("2150", "Refunds carried to the next year", "liability", "roll_forward"),
    ("2160", "Tax withheld from members", "liability", "withholding_payable"),
    ("2300", "Tax and social security owed", "liability", ""),
    ("2500", "Loans", "liability", ""),
    ("3000", "Members’ share capital", "equity", "share_capital"),
    ("3100", "Refunds kept as members’ capital", "equity", "retained_equity"),
    ("3200", "Statutory reserve", "equity", "statutory_reserve"),
    ("3210", "Education fund", "equity", "education_fund"),
    ("3220", "Community fund", "equity", "community_fund"),
    ("3300", "Surplus carried forward", "equity", "unallocated"),
    ("3400", "Surplus of the year", "equity", "surplus_of_the_year"),
    ("3900", "Opening balances", "equity", "opening"),
    ("4800", "Entry fees", "income", "entry_fees"),
    ("4810", "Members’ dues", "income", "dues"),
    ("4820", "Gifts and forfeited shares", "income", "gifts"),
    ("4900", "Other income", "income", ""),
    ("6000", "Wages", "expense", ""),
    ("6200", "Rent and energy", "expense", ""),
    ("6300", "Insurance and fees", "expense", ""),
    ("6400", "Bank charges", "expense", "bank_charges"),
    ("6900", "Other costs", "expense", ""),
    ("7000", "Interest on loans", "expense", ""),
    ("7900", "Tax on the surplus", "expense", ""),
)

_TRADES: Final[dict[str, tuple[Row, ...]]] = {
    "consumer": (
        ("4000", "Sales to members", "income", "sales_members"),
        ("4010", "Sales to others", "income", "sales_others"),
        ("5000", "Goods sold, at cost", "expense", ""),
    ),
    "worker": (
        ("4000", "Work for clients", "income", "sales_others"),
        ("5000", "Members’ labour", "expense", "members_labour"),
        ("5010", "Materials and subcontractors", "expense", ""),
    ),
    "producer": (
        ("4000", "Sales of members’ produce", "income", "sales_members"),
        ("4010", "Sales of others’ produce", "income", "sales_others"),
        ("5000", "Paid to members for produce", "expense", "produce_members"),
        ("5010", "Paid to others for produce", "expense", ""),
        ("5100", "Processing and transport", "expense", ""),
    ),
    "housing": (
        ("1400", "Buildings and land", "asset", ""),
        ("2600", "Deposits of tenants", "liability", "deposits"),
        ("4000", "Rents from members", "income", "sales_members"),
        ("4010", "Rents from others", "income", "sales_others"),
        ("5000", "Repairs", "expense", ""),
        ("5100", "Depreciation of buildings", "expense", ""),
    ),
}

# What the same account is called elsewhere.
_US_NAMES: Final[dict[str, str]] = {
    "1200": "Accounts receivable",
    "1250": "Receivable from members",
    "1300": "Inventory",
    "2000": "Accounts payable",
    "2100": "Patronage dividends payable",
    "2110": "Dividends on shares payable",
    "2120": "Redemptions payable",
    "2130": "Member prepayments",
    "2140": "Unapplied receipts",
    "2150": "Patronage carried forward",
    "2160": "Backup withholding payable",
    "2300": "Payroll and sales tax payable",
    "2500": "Notes payable",
    "3000": "Member capital stock",
    "3100": "Allocated retained patronage",
    "3200": "Capital reserve",
    "3300": "Unallocated retained earnings",
    "3400": "Net margin of the year",
    "3900": "Opening balance equity",
    "4800": "Membership fees",
    "4820": "Contributions and forfeited stock",
    "5000": "Cost of goods sold",
    "6000": "Payroll",
    "6200": "Rent and utilities",
    "7900": "Income tax",
}

TEMPLATES: Final[tuple[str, ...]] = tuple(f"{flavour}-{trade}" for flavour in ("eu", "us") for trade in _TRADES)


def rows(template: str) -> list[Row]:
    """The chart of a template such as ``eu-consumer`` or ``us-producer``, by code. KeyError for an unknown one."""
    flavour, _dash, trade = template.partition("-")
    if template not in TEMPLATES:
        raise KeyError(template)
    names = _US_NAMES if flavour == "us" else {}
    own = {"5000"} if trade != "consumer" else set()  # the trade's own name stands
    return sorted(
        (code, name if code in own else names.get(code, name), kind, purpose)
        for code, name, kind, purpose in (*_COMMON, *_TRADES[trade])
    )
