"""The contract of ``manage.py allocate`` once more, sentence by sentence, as slowly and plainly as it can be said.

Fractions and dictionaries, nothing shared with the engine: what both say is unlikely to be a slip of either.
"""

from datetime import date
from fractions import Fraction
from math import ceil, floor


class Refused(Exception):
    pass


def by_largest_remainder(amount, weights):
    """weights: name → int or Fraction, in the order in which ties are broken."""
    total = sum(weights.values())
    if not total:
        if amount:
            raise Refused
        return dict.fromkeys(weights, 0)
    sign, amount = (-1, -amount) if amount < 0 else (1, amount)
    quotas = {name: Fraction(amount) * weight / total for name, weight in weights.items()}
    shares = {name: floor(quota) for name, quota in quotas.items()}
    names = list(weights)
    while sum(shares.values()) < amount:
        best = max(names, key=lambda name: quotas[name] - floor(quotas[name]))  # the first of equals
        shares[best] += 1
        names.remove(best)
    return {name: sign * share for name, share in shares.items()}


def numbered(basis):
    return {member: Fraction(basis[member]) for member in sorted(basis, key=int)}


def answer(plan):
    result = plan["result"]
    patronage, nonpatronage = result["patronage"], result.get("nonpatronage", 0)
    losses = result.get("losses_carried", 0)
    if patronage > 0:
        taken = min(losses, patronage)
        patronage, losses = patronage - taken, losses - taken
    taken = min(losses, nonpatronage)
    nonpatronage, losses = nonpatronage - taken, losses - taken
    surplus = remaining = patronage + nonpatronage
    if result["patronage"] < 0 and plan["appropriations"]:
        raise Refused

    appropriations = []
    for step in plan["appropriations"]:
        amount = appropriated(step, patronage, nonpatronage, surplus, remaining)
        remaining -= amount
        appropriations.append({"name": step["name"], "amount": amount})

    interest = interest_of(plan.get("share_interest"), remaining)
    remaining -= sum(interest.values())
    pools, unallocated = shared(plan["pools"], remaining)
    members = {}
    for member in sorted({m for pool in pools for m in pool["members"]} | set(interest), key=int):
        allocated = sum(pool["members"].get(member, 0) for pool in pools)
        figures = {"allocated": allocated, "interest": interest.get(member, 0)}
        members[member] = figures | settled(plan["settlement"], member, allocated)
    columns = ("allocated", "interest", "cash", "qualified", "nonqualified", "netted", "rolled_forward")
    return {
        "surplus": surplus,
        "losses_remaining": losses,
        "appropriations": appropriations,
        "share_interest": {"total": sum(interest.values()), "members": interest},
        "pools": pools,
        "members": members,
        "totals": {name: sum(figures[name] for figures in members.values()) for name in columns},
        "unallocated": unallocated,
        "payment_due": due(plan),
    }


def appropriated(step, patronage, nonpatronage, surplus, remaining):
    if "percent" in step:
        bases = {"patronage": patronage, "nonpatronage": nonpatronage, "surplus": surplus, "remaining": remaining}
        exact = Fraction(step["percent"]) / 100 * bases[step["of"]]
        amount = floor(exact) if step.get("bound") == "maximum" else ceil(exact)
    else:
        amount = step["amount"]
    if step.get("at_least") is not None:
        amount = max(amount, step["at_least"])
    if step.get("at_most") is not None:
        amount = min(amount, step["at_most"])
    if step.get("until") is not None:
        amount = min(amount, max(0, step["until"]["target"] - step["until"]["balance"]))
    return min(amount, remaining)


def interest_of(terms, remaining):
    if terms is None:
        return {}
    rate = Fraction(terms["rate"]) / 100
    if terms.get("cap") is not None and rate > Fraction(terms["cap"]) / 100:
        raise Refused
    interest = {member: floor(paid * rate) for member, paid in numbered(terms["holdings"]).items()}
    if sum(interest.values()) > max(remaining, 0):
        raise Refused
    return interest


def shared(pools, remaining):
    for pool in pools:
        amount = pool.get("amount", 0)
        if (amount > 0) != (remaining > 0) and amount or abs(amount) > abs(remaining):
            raise Refused
        remaining -= amount
    percents = {place: Fraction(pool["percent"]) for place, pool in enumerate(pools) if "percent" in pool}
    unassigned = 100 - sum(percents.values())
    if unassigned < 0:
        raise Refused
    sizes = by_largest_remainder(remaining, percents | {"unassigned": unassigned})
    unallocated = sizes["unassigned"]
    found = []
    for place, pool in enumerate(pools):
        amount = sizes.get(place, pool.get("amount", 0))
        if pool.get("rest"):
            amount, unallocated = unallocated, 0
        members = by_largest_remainder(amount, numbered(pool["basis"]))
        found.append({"name": pool["name"], "amount": amount, "members": members})
    return found, unallocated


def settled(terms, member, allocated):
    sign, size = (-1, -allocated) if allocated < 0 else (1, allocated)
    cash = ceil(Fraction(terms["cash_percent"]) / 100 * size)
    kept = terms["notice"]
    if kept == "qualified":
        if member in terms.get("no_consent", []):
            kept = "nonqualified"
        else:
            cash = max(cash, ceil(Fraction(terms.get("minimum_cash_percent", "20")) / 100 * size))
    figures = dict.fromkeys(("cash", "qualified", "nonqualified", "netted", "rolled_forward"), 0)
    cash *= sign
    if cash > 0 and cash + terms.get("carried", {}).get(member, 0) < terms.get("de_minimis", 0):
        return figures | {"rolled_forward": allocated}
    netted = min(max(cash, 0), terms.get("debts", {}).get(member, 0))
    figures |= {"cash": cash - netted, "netted": netted}
    if kept != "none":
        figures[kept] = allocated - cash
    return figures


def due(plan):
    if plan["settlement"]["notice"] == "none":
        return None
    end = date.fromisoformat(plan["fiscal_year_end"])
    year, month = end.year, end.month + 9
    if month > 12:
        year, month = year + 1, month - 12
    return f"{year:04d}-{month:02d}-15"
