"""A process that needs the embedded servers, and nothing else of Rochdale."""

import os
import subprocess
import sys

from coop.keeper import tie_to_parent
from tests.faults.processes import PROJECT, environment, tree

HOLD = """
import os, sys, threading
from coop import embedded
{before}
embedded.ensure()
import psycopg2, json
with psycopg2.connect(**embedded.connection_params()) as c, c.cursor() as k:
    k.execute("SELECT current_user"); print(k.fetchone()[0], flush=True)
sys.stdin.read()
"""


class Holder:
    """A process that needs the database until its standard input ends."""

    def __init__(self, folder, *, before="", python=(sys.executable,), paths=(PROJECT,), **more):
        env = environment(folder, **more) | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
        self.process = subprocess.Popen(
            [*python, "-c", HOLD.format(before=before)],
            env=env,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=tie_to_parent,  # tests that are killed leave nothing either
        )

    def who(self):
        """The role it logged in as, once it has."""
        said = self.process.stdout.readline().strip()
        assert said, self.process.stderr.read()
        return said

    def leave(self):
        self.process.communicate(timeout=20)

    def tree(self):
        return tree(self.process.pid)
