from datetime import date

from django.core.management.base import BaseCommand, CommandError

from coop.founding.service import Founding, Kind, found
from coop.kernel import money
from coop.kernel.errors import Refused
from coop.law import PACKS


class Command(BaseCommand):
    help = "Found a co-op: by-laws, a class of members, shares, accounts and its secretary. Exit status 2 if refused."

    def add_arguments(self, parser):
        parser.add_argument("slug", help="its address: small letters, digits and hyphens")
        parser.add_argument("name")
        parser.add_argument("--secretary", required=True, metavar="E-MAIL")
        parser.add_argument("--secretary-name", default="")
        parser.add_argument("--law", default="generic", choices=sorted(PACKS))
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--time-zone", default="UTC")
        parser.add_argument("--year-end-month", type=int, default=12, choices=range(1, 13), metavar="1-12")
        parser.add_argument("--share-price", default="50", help="in the currency, such as 50.00")
        parser.add_argument("--class-name", default="Member")
        parser.add_argument("--adopted-on", type=date.fromisoformat, help="by-laws adopted on (YYYY-MM-DD)")

        parser.add_argument(
            "--induction", default="", choices=("members", "board", "both"), help="who does an induction course first"
        )

    def handle(self, *args, **given):
        try:
            coop = found(
                founding=Founding(
                    slug=given["slug"],
                    name=given["name"],
                    founder_email=given["secretary"],
                    founder_name=given["secretary_name"],
                    law=given["law"],
                    currency=given["currency"],
                    time_zone=given["time_zone"],
                    fiscal_year_end_month=given["year_end_month"],
                    share_price=money.parse_minor(given["share_price"], given["currency"]),
                    kinds=(Kind(given["class_name"], ""),),
                    adopted_on=given["adopted_on"],
                    induction=given["induction"],
                )
            )
        except (Refused, ValueError) as refused:
            raise CommandError(str(refused), returncode=2) from None
        self.stdout.write(f"{coop.name} is founded at /{coop.slug}/")
