"""Plans to start from: a whole one in JSON shape, and the smallest."""

import copy


def whole(**changes):
    """Return the plan of the contract, fresh, with top-level entries replaced."""
    plan = {
        "currency": "EUR",
        "fiscal_year_end": "2025-12-31",
        "result": {"patronage": 28000000, "nonpatronage": 4000000, "losses_carried": 0},
        "appropriations": [
            {"name": "statutory reserve", "of": "surplus", "percent": "20", "bound": "minimum", "at_least": 5000000,
             "at_most": None, "until": {"balance": 500000, "target": 10000000}},
        ],
        "share_interest": {"rate": "5", "cap": "8", "holdings": {"17": 50000}},
        "pools": [{"name": "purchases", "percent": "45", "basis": {"17": "2600.00", "18": "41.5"}}],
        "settlement": {"cash_percent": "30", "minimum_cash_percent": "20", "notice": "qualified", "no_consent": ["18"],
                       "de_minimis": 500, "debts": {"17": 1200}, "carried": {"18": 310}},
    }  # fmt: skip
    return copy.deepcopy({**plan, **changes})


def simple(amount, basis, **settlement):
    """Return a plan that shares one amount by one basis; all in cash unless ``settlement`` says otherwise."""
    return {
        "currency": "USD",
        "fiscal_year_end": "2025-12-31",
        "result": {"patronage": amount},
        "pools": [{"name": "patronage", "rest": True, "basis": basis}],
        "settlement": {"cash_percent": "100", "notice": "none", **settlement},
    }
