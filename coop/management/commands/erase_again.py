"""``manage.py erase_again``: after a backup was restored, erase whoever was erased since it was made."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from coop import privacy


class Command(BaseCommand):
    help = "After restoring a backup: erase everybody again whom the erasure log names. May be run at any time."

    def handle(self, *args, **options):
        if not privacy.log_file().exists():
            raise CommandError(
                f"There is no erasure log at {privacy.log_file()}; nobody was ever erased, or it is lost."
            )
        done = privacy.erase_again(self.stderr.write)
        for each in done:
            where = ", ".join(f"{name} ({rows})" for name, rows in each.left.items()) or "nothing is left"
            self.stdout.write(f"{each.erasure.coop.slug}: party {each.erasure.party_id} erased again; {where}")
        self.stdout.write(f"{len(done)} erased again.")
