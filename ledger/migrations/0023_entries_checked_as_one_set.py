"""The entries of a transaction are added up in one pass over their lines, and looked at one by one only to say which
is wrong. The register of shares is asked only where an entry touches share capital or a share event names it.

The same promises as in ``0021_small_entries_stay_cheap``, in the same order.
"""

from importlib import import_module

from django.db import migrations

before = import_module("ledger.migrations.0021_small_entries_stay_cheap")

BY_ENTRY = "    SELECT i AS id, s.currency, s.off INTO bad FROM unnest(ids) i LEFT JOIN LATERAL ("
ALL_AT_ONCE = """
    SELECT count(DISTINCT x.entry_id), bool_or(x.off <> 0), bool_or(x.capital) INTO known, wrong, capital FROM (
        SELECT p.entry_id, sum(p.amount) AS off, bool_or(a.purpose = 'share_capital') AS capital
          FROM (SELECT entry_id, account_id, amount FROM ledger_posting WHERE batch = 0 AND entry_id = ANY(ids)
                OFFSET 0) p
          JOIN ledger_account a ON a.id = p.account_id GROUP BY p.entry_id, a.currency
    ) x;
    IF wrong OR known <> cardinality(ids) THEN
"""
RAISED = "format('entry %s is off by %s %s', bad.id, bad.off, bad.currency);\n    END IF;\n"
REGISTER = "    PERFORM ledger_check_share_register(ids);\n"
DECLARED = "DECLARE bad record; n bigint; periods bigint[]; mirrors bigint[];"


def one_pass() -> str:
    """The check of 0021 with its first question asked of all entries at once."""
    function = before.CHECK_ENTRIES.partition("CREATE OR REPLACE FUNCTION ledger_check_share_register")[0]
    for old, new in (
        (DECLARED, DECLARED + " known bigint; wrong boolean; capital boolean;"),
        (BY_ENTRY, ALL_AT_ONCE + BY_ENTRY),
        (RAISED, RAISED + "    END IF;\n"),
        (
            REGISTER,
            "    IF capital OR EXISTS (SELECT FROM ledger_shareevent WHERE entry_id = ANY(ids)) THEN\n"
            f"    {REGISTER}    END IF;\n",
        ),
    ):
        if function.count(old) != 1:
            raise ValueError(f"{old} stands {function.count(old)} times in the check of entries")
        function = function.replace(old, new)
    return function


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_share_calls")]

    operations = [
        migrations.RunSQL(
            one_pass() + before.BY_KEY.format(function="ledger_check_entries(bigint[])"),
            before.CHECK_ENTRIES + "".join(before.BY_KEY.format(function=each) for each in before.CHECKS[1:3]),
        )
    ]
