"""Who looked at whose data outside the register: pages, files and operations by which officers see what others do not.

The register's own views note each look themselves (``members.services.looked_at``), with how many rows were seen.
Rolls, books and composed pages know nothing of that log; their addresses are named here, and a look that was answered
is noted after it. What is published to all members, such as candidates, results and minutes, is no look at somebody's
data.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from members import selectors, services
from members.models import AccessLog

# The member is the one whose number stands in the address.
OF_ONE = frozenset(
    """
    members:suspend members:reinstate members:record-notice members:record-death members:heir members:take-back-death
    members:stand-in members:case-new
    pass-on ledger:holding ledger:subscribe ledger:share-transfer ledger:share-give ledger:share-release
    ledger:redemption-ask ledger:reminder ledger:member-statement ledger:statement-of ledger:statement-of-pdf
    ledger:dues-let-off ledger:payout-details ledger:choice-of ledger:payout-return ledger:unclaimed-back
    """.split()
)
OF_MANY = frozenset(
    """
    home desk audit erasures merge-undo split
    members:inbox members-api:inbox members:sheet-new members:sheet members:completion-strike
    governance:roll governance:roll-csv governance-api:entries governance:turnout governance:roll-objections
    governance:objection-rule governance:voting-letters governance:meeting-proxies governance:proxy-end
    governance:call-desk governance:nomination-end
    ledger:desk ledger:shares ledger-api:shares ledger:queue ledger:certificate ledger:redemption-accept
    ledger:redemption-refuse ledger:redemption-pay ledger:owing ledger:reminders ledger:bank ledger:bank-statement
    ledger:bank-line ledger-api:bank-lines ledger:members-equity-part ledger-api:members-equity-part
    ledger:plan ledger:plan-lines ledger:plan-download ledger:statements ledger:notices-sheets ledger:equity-plan
    ledger:payout ledger:payout-file ledger:unclaimed-list ledger:unclaimed-file ledger:call ledger:call-forfeit
    ledger:dues ledger:dues-charge ledger:dues-run ledger:dues-waive ledger-api:dues-proposal
    ledger-api:dues-run-charges ledger:mandates ledger-api:mandates ledger:debit-run ledger:debit-file
    """.split()
)


class LooksMiddleware(MiddlewareMixin):
    """Notes that an officer was shown the data of others at one of these addresses. One row a look."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        match, actor = request.resolver_match, getattr(request, "actor", None)
        if request.method != "GET" or response.status_code != 200 or match is None:
            return response
        if actor is None or not actor.is_officer:
            return response
        if match.view_name in OF_ONE:
            found = selectors.membership_by_number(actor.coop, match.kwargs["number"])
            party = found.party if found is not None else None
            services.looked_at(actor=actor, what=AccessLog.What.MEMBER, party=party, subject=match.view_name)
        elif match.view_name in OF_MANY:
            shown = records_in(response)
            services.looked_at(actor=actor, what=AccessLog.What.LIST, rows=shown, subject=match.view_name)
        return response


def records_in(response: HttpResponse) -> int:
    """How many records an answer shows, one at least: rows of tables on a page, of a list through the API, of a CSV.

    What is sent piece by piece says it itself, as ``records``.
    """
    data, kind, shown = getattr(response, "data", None), response.get("Content-Type", ""), 1
    if response.streaming:
        return getattr(response, "records", 1)
    listed = data.get("results") if isinstance(data, dict) else data
    if isinstance(listed, list):
        shown = len(listed)
    elif kind.startswith("text/html"):
        shown = response.content.count(b'<th role="rowheader"')  # a record's head, by the design's one table
    elif kind.startswith("text/csv"):
        shown = len(response.content.splitlines()) - 1
    return max(1, shown)
