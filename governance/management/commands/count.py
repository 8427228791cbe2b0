"""``manage.py count FILE``: count an election from a file. Needs no database and starts nothing."""

import argparse
import json
import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.exchange.counting import count_file
from governance.exchange.table import render
from governance.tally import METHODS, BadElection

REFUSED = 2


class OneLineParser(CommandParser):
    """Says what is wrong with the options in one line, as every refusal here."""

    def error(self, message: str) -> NoReturn:
        _refuse(message)


def _refuse(message: object) -> NoReturn:
    """One line on standard error, exit status 2."""
    text = " ".join(str(message).split()).encode("utf-8", "backslashreplace").decode()[:600]
    text = "".join(c if c.isprintable() else "?" for c in text)
    sys.stderr.buffer.write(f"count: {text}\n".encode())
    sys.stderr.flush()
    raise SystemExit(REFUSED)


def _seats(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise argparse.ArgumentTypeError(f"the number of seats must be a whole number from 1, not {text[:40]!r}")
    return int(text)


class Command(BaseCommand):
    help = "Count an election from a file (normalised JSON, BLT, PrefLib or CSV of rankings) and show every round."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = OneLineParser
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file to count")
        parser.add_argument("--method", choices=list(METHODS), help="how to count; else as the file says")
        parser.add_argument("--seats", type=_seats, help="how many are elected; else as the file says")
        parser.add_argument("--seed", help="orders the candidates for ties; else the order of the paper")
        parser.add_argument(
            "--equal-ranks", choices=["refuse", "exhaust"], default="refuse", help="equal ranks under STV and IRV"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text", help="how to show the result")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = count_file(
                options["file"],
                method=options["method"],
                seats=options["seats"],
                seed=options["seed"],
                equal_ranks=options["equal_ranks"],
            )
        except (BadElection, CommandError) as fault:
            _refuse(fault)
        except (MemoryError, RecursionError):
            _refuse("the file is too large or too deeply nested to be counted here")
        if options["format"] == "json":
            self.stdout.write(json.dumps(result.as_dict(), indent=1))
        else:
            self.stdout.write(render(result).encode("utf-8", "backslashreplace").decode(), ending="")
