"""The table of processes Rochdale consists of. The supervisor starts these; docker-compose.yml names the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """One line of the table. ``command`` is what a shell would be given; its first word is a Python module."""

    name: str
    command: str
    colour: int  # of its lines in the log, as in ECMA-48 SGR


TABLE = (
    Process("web", "gunicorn coop.wsgi:application", 36),
    Process(
        "worker",
        "celery --quiet -A coop worker --loglevel info --concurrency 2 --without-gossip --without-mingle",
        35,
    ),
    Process("beat", "celery --quiet -A coop beat --loglevel warning", 33),
)
MIGRATE = "python manage.py migrate"
