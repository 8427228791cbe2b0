"""``manage.py export_journal --coop SLUG --format hledger|ledger|beancount|csv [--output FILE]``."""

import os
import sys
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coop.kernel.models import Cooperative
from ledger.exchange.journal_export import FORMATS
from ledger.exchange.journal_rows import journal_export, one_snapshot


class Refused(CommandError):
    """One line on standard error and exit status 2."""

    def __init__(self, sentence):
        super().__init__(sentence, returncode=2)


class Command(BaseCommand):
    help = "Write a co-op's journal for hledger, ledger, beancount or as CSV, so that others can add it up again."

    def add_arguments(self, parser):
        parser.add_argument("--coop", required=True, metavar="SLUG", help="the co-op's short name in addresses")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--output", metavar="FILE", help="where to; standard output if left out")

    def handle(self, *args, coop, format, output, **options):  # noqa: A002 - the option's name
        found = Cooperative.objects.filter(slug=coop).first()
        if found is None:
            raise Refused(f"There is no co-op “{coop}” here.")
        with one_snapshot():
            chunks = FORMATS[format](journal_export(found))
            if output:
                self._to_file(chunks, Path(output))
            else:
                self._to_standard_output(chunks)

    def _to_file(self, chunks, output: Path) -> None:
        """The file is there whole or not at all."""
        try:
            handle, draft = tempfile.mkstemp(dir=output.parent or ".", prefix=f".{output.name}.")
        except OSError as problem:
            raise Refused(f"“{output}” cannot be written: {problem.strerror}.") from None
        try:
            with open(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(chunks)
            os.chmod(draft, 0o600)
            os.replace(draft, output)
        except OSError as problem:
            Path(draft).unlink(missing_ok=True)
            raise Refused(f"“{output}” cannot be written: {problem.strerror}.") from None
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def _to_standard_output(self, chunks) -> None:
        try:
            for chunk in chunks:
                self.stdout.write(chunk, ending="")
        except BrokenPipeError:  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
