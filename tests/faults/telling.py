"""How a story is told: in a process of its own, in the environment of a data folder, which makes data by the services.

A line of JSON in, ``[VERB, ARGUMENT, …]``, a line of JSON out. One process tells the whole story, for starting one
takes longer than what it is asked for.
"""

import json
import os
import sys


def walk(slug):
    """What is wrong with the co-op's audit chain: nothing, one hopes."""
    from coop.kernel import audit
    from coop.kernel.models import Cooperative

    return [str(finding) for finding in audit.verify(Cooperative.objects.get(slug=slug))]


def tell(**verbs):
    """Answer with these verbs until nobody asks any more."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    django.setup()
    from django.db import connections

    verbs |= {"walk": walk}
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(verbs[verb](*arguments)), flush=True)
        connections.close_all()  # the database may be another one when we are asked next
