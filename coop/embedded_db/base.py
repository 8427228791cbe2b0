"""Django's own PostgreSQL backend, with the embedded server looked after before each new connection.

Commands that never connect (``check``, ``makemigrations``, ``count``) therefore start nothing.
"""

import psycopg2
from django.db.backends.postgresql import base, client

from coop import embedded


def connect_to(settings_dict):
    """Ensure the server and return libpq's host, port and password for the role the settings name."""
    try:
        embedded.ensure()
    except embedded.EmbeddedError as problem:
        raise psycopg2.OperationalError(str(problem)) from problem
    params = embedded.connection_params(role=settings_dict["USER"])
    return {name: params[name] for name in ("host", "port", "password")}


class DatabaseClient(client.DatabaseClient):
    """``manage.py dbshell``."""

    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict, parameters):
        found = {name.upper(): str(value) for name, value in connect_to(settings_dict).items()}
        return super().settings_to_cmd_args_env({**settings_dict, **found}, parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self):
        return {**super().get_connection_params(), **connect_to(self.settings_dict)}
