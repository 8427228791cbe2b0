"""``manage.py allocate PLAN.json``: carry out a surplus plan on paper. No database, no server, nothing started."""

import os
import sys
from functools import partial

from django.core.management.base import BaseCommand, CommandError

from ledger.allocation import PlanRefused, allocate, json_chunks, parse_plan, text_lines

LARGEST_FILE = 1 << 30  # a million members take about 40 MB
_BLOCK = 1 << 20


class Refused(CommandError):
    """One line on standard error and exit status 2."""

    def __init__(self, sentence):
        super().__init__(" ".join(sentence.split()), returncode=2)


class Command(BaseCommand):
    help = (
        "Carry out a surplus plan without touching any books: what goes to reserves, what to each member, and why. "
        "Exit status 0 with the answer, 2 with one line on standard error for a plan that is refused."
    )
    requires_system_checks = []

    def create_parser(self, prog_name, subcommand, **kwargs):
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if self._called_from_command_line:
            parser.error = partial(self._refuse_options, parser.prog)
        return parser

    def add_arguments(self, parser):
        parser.add_argument("plan", metavar="PLAN.json", help="the plan, or - for standard input")
        parser.add_argument("--format", choices=["text", "json"], default="json", help="json (the default) or text")

    def handle(self, *args, plan, **options):
        try:
            allocation = allocate(parse_plan(_read(plan)))
        except PlanRefused as refusal:
            raise Refused(str(refusal)) from None
        if options["format"] == "json":
            self._write(json_chunks(allocation))
            self._write("\n")
        else:
            self._write(f"{line}\n" for line in text_lines(allocation))

    def _write(self, chunks):
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        try:
            for chunk in chunks:  # a terminal that cannot show a letter gets its number
                self.stdout.write(chunk.encode(encoding, "backslashreplace").decode(encoding), ending="")
            self.stdout.flush()
        except BrokenPipeError:  # the reader has seen enough, as head does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as problem:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Refused(f"The answer cannot be written: {problem.strerror}.") from None

    @staticmethod
    def _refuse_options(prog, message):
        sys.stderr.write(f"{prog}: {' '.join(message.split())}\n")
        sys.exit(2)


def _read(name):
    """Return the bytes of the plan; refuse what is missing, unreadable, binary or far too large to be one."""
    shown = name if len(name) <= 200 else f"{name[:197]}..."
    try:
        if name == "-":
            if sys.stdin is None:
                raise Refused("There is no standard input to read the plan from.")
            return _blocks(sys.stdin.buffer, "standard input")
        with open(name, "rb") as file:
            return _blocks(file, shown)
    except OSError as problem:
        raise Refused(f"{shown!r} cannot be read: {problem.strerror}.") from None
    except ValueError:
        raise Refused(f"{shown!r} is not the name of a file.") from None


def _blocks(file, shown):
    found = bytearray()
    while block := file.read(_BLOCK):
        if b"\0" in block:
            raise Refused(f"{shown!r} is not a text file.")
        found += block
        if len(found) > LARGEST_FILE:
            raise Refused(f"{shown!r} is larger than {LARGEST_FILE >> 30} GiB and cannot be a plan.")
    return bytes(found)
