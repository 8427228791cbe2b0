from django.core.management.base import BaseCommand, CommandError

from coop.kernel import offices
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, User
from coop.kernel.tenancy import Actor


class Command(BaseCommand):
    help = "Take an officer's lost second factor away when no two other officers are left to do it; two people witness."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--coop", required=True, metavar="SLUG")
        parser.add_argument("--witness", required=True, action="append", metavar="NAME", help="give it twice")
        parser.add_argument("--reason", required=True)

    def handle(self, *args, email, coop, witness, reason, **options):
        found = Cooperative.objects.filter(slug=coop).first()
        user = User.objects.filter(email=email.lower(), offices__coop=found).first() if found else None
        if user is None:
            raise CommandError(f"{email} holds no office at {coop}.", returncode=2)
        try:
            offices.reset_factor_with_witnesses(
                actor=Actor.system(found), user=user, witnesses=tuple((*witness, "")[:2]), reason=reason
            )
        except Refused as refused:
            raise CommandError(refused.message, returncode=2) from None
        self.stdout.write(f"{email} may set up a new second factor. It is in the audit trail of {coop}.")
