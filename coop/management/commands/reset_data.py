"""``manage.py reset_data``: throw away everything the embedded servers hold, and begin anew."""

import shutil

from django.core.management.base import BaseCommand, CommandError

from coop import embedded, embedded_files

OURS = (
    "pg",
    "valkey",
    "run",
    "log",
    "media",
    "ballot-keys",
    "secrets.json",
    "celerybeat-schedule*",
    "demo-begun",
    "up.lock",
    "lock",
)


class Command(BaseCommand):
    help = "Delete the data folder's database, queue and files. There is no way back."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args, yes, **options):
        data = embedded.data_dir()
        try:
            if embedded.running():
                raise CommandError(f"The servers of {data} are running. Stop them first.", returncode=2)
        except embedded.EmbeddedError as problem:
            raise CommandError(str(problem), returncode=2) from None
        doomed = sorted(self.files())
        if not doomed:
            self.stdout.write(f"There is nothing in {data}.")
            return
        if not yes and input(f"Delete everything in {data}? Type 'yes': ").strip() != "yes":
            raise CommandError("Nothing was deleted.", returncode=1)
        for path in doomed:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.stdout.write(f"Deleted {len(doomed)} things in {data}.")

    def files(self):
        """What is ours in the data folder, and nothing else somebody may have put there."""
        data = embedded.data_dir()
        ours = {path for folder in (data, embedded_files.home(data)) for name in OURS for path in folder.glob(name)}
        return ours | {path for path in (embedded.run_dir(),) if path.exists()}
