"""The engine's arithmetic as SQL text, for a million members at once: one set-based statement each, no row by row.

Pure string building: names of tables and columns are checked, figures are parameters (``%(name)s``), nothing is run
here. Every text is one SELECT without a trailing semicolon that can stand in ``INSERT INTO ... SELECT``, in a CTE or in
``FROM (...) AS s``. All arithmetic is on ``numeric``, whose ``div`` and ``mod`` are exact, so each statement gives
what the pure engine gives, to the unit; the property tests hold the two against each other.

>>> print(interest_on_shares("holding"))
SELECT member_number,
       div(capital * %(numerator)s::numeric, %(denominator)s::numeric)::bigint AS interest
  FROM holding
"""

from __future__ import annotations

import re

from ledger.allocation.plan import Percent, Settlement

_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"not the plain name of a table or column: {text!r}")
    return text


def pool_shares(source: str, *, member: str = "member_number", basis: str = "basis", narrow: bool = False) -> str:
    """Return SQL that shares one pool by largest remainder, ties to the smallest member number.

    ``source`` names a table, view or CTE with one row a member: a number and a non-negative basis (any exact type,
    numeric included), neither of them null. Parameter: ``amount`` in minor units, either sign. Gives
    (member_number, share bigint). A pool with an amount and nothing but zero bases fails with a division by zero; an
    empty source gives no rows, so whoever posts the shares compares their sum with the amount first.

    ``narrow`` computes in bigint and takes about half the time. It is for a basis of whole numbers where
    :func:`is_narrow` holds; beyond, PostgreSQL says "bigint out of range" rather than a wrong figure.
    """
    source, member, basis = _name(source), _name(member), _name(basis)
    kind = "bigint" if narrow else "numeric"
    # "| 0" exists for integer types alone: a basis with decimals fails here instead of being rounded
    whole = f"amount * ({basis} | 0)::bigint" if narrow else f"amount * {basis}::numeric"
    share = f"{whole} / total" if narrow else f"div({whole}, total)::bigint"
    return f"""\
WITH whole AS MATERIALIZED (
    SELECT abs(%(amount)s::{kind}) AS amount,
           CASE WHEN %(amount)s::{kind} = 0 THEN 1 ELSE sum({basis}) END::{kind} AS total
      FROM {source}
), quota AS MATERIALIZED (
    SELECT {member} AS member_number, {share} AS share, mod({whole}, total) AS rest
      FROM {source}, whole
), spare AS MATERIALIZED (
    SELECT max(amount) - sum(share) AS units FROM quota, whole
)
SELECT member_number,
       (share + (row_number() OVER (ORDER BY rest DESC, member_number) <= units::bigint)::integer)
       * sign(%(amount)s::{kind})::bigint AS share
  FROM quota, spare"""  # noqa: S608 - checked names only


def is_narrow(amount: int, largest_basis: int, basis_total: int) -> bool:
    """Whether the ``narrow`` statement can compute this pool."""
    return abs(amount) * max(largest_basis, 1) < 1 << 63 and basis_total < 1 << 63


def interest_on_shares(source: str, *, member: str = "member_number", capital: str = "capital") -> str:
    """Return SQL for interest on paid-up capital, rounded down a member.

    Parameters from :func:`rate_parameters`. Gives (member_number, interest bigint).
    """
    source, member, capital = _name(source), _name(member), _name(capital)
    alias = "" if member == "member_number" else " AS member_number"
    return f"""\
SELECT {member}{alias},
       div({capital} * %(numerator)s::numeric, %(denominator)s::numeric)::bigint AS interest
  FROM {source}"""  # noqa: S608 - checked names only


def rate_parameters(rate: Percent) -> dict[str, int]:
    """Return the parameters of :func:`interest_on_shares` for a rate in per cent."""
    return {"numerator": rate.numerator, "denominator": rate.denominator}


def settled(source: str) -> str:
    """Return SQL that settles every allocation of ``source`` as :func:`ledger.allocation.settlement.settle` does.

    ``source`` has one row a member with member_number, allocated, carried, debt (exact types) and consents (boolean),
    none of them null. Parameters from :func:`settlement_parameters`. Gives (member_number, allocated, cash, qualified,
    nonqualified, netted, rolled_forward), bigint each.
    """
    return f"""\
WITH terms AS MATERIALIZED (
    SELECT member_number, allocated, carried, debt, %(qualified)s AND consents AS qualifies,
           (sign(allocated) * greatest(
               {_up("cash")},
               CASE WHEN %(qualified)s AND consents THEN {_up("minimum")} ELSE 0 END)) AS part
      FROM {_name(source)}
), rolled AS (
    SELECT *, part > 0 AND part + carried < %(de_minimis)s::numeric AS rolls,
           greatest(least(debt, part), 0) AS off
      FROM terms
)
SELECT member_number, allocated::bigint,
       (CASE WHEN rolls THEN 0 ELSE part - off END)::bigint AS cash,
       (CASE WHEN qualifies AND NOT rolls THEN allocated - part ELSE 0 END)::bigint AS qualified,
       (CASE WHEN qualifies OR rolls THEN 0 ELSE allocated - part END)::bigint AS nonqualified,
       (CASE WHEN rolls THEN 0 ELSE off END)::bigint AS netted,
       (CASE WHEN rolls THEN allocated ELSE 0 END)::bigint AS rolled_forward
  FROM rolled"""  # noqa: S608 - checked names only


def _up(rate: str) -> str:
    """An exact ceiling: div cuts off towards zero, and all figures here are integers."""
    top, bottom = f"%({rate}_numerator)s::numeric", f"%({rate}_denominator)s::numeric"
    return f"div(abs(allocated) * {top} + {bottom} - 1, {bottom})"


def settlement_parameters(terms: Settlement) -> dict[str, int | bool]:
    """Return the parameters of :func:`settled`; who consents is a column of its source."""
    return {
        "qualified": terms.notice == "qualified",
        "cash_numerator": terms.cash_percent.numerator,
        "cash_denominator": terms.cash_percent.denominator,
        "minimum_numerator": terms.minimum_cash_percent.numerator,
        "minimum_denominator": terms.minimum_cash_percent.denominator,
        "de_minimis": terms.de_minimis,
    }
