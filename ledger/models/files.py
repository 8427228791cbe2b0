"""Files as they came or went, beside the row that keeps their digest."""

from __future__ import annotations

import pgtrigger
from django.db import models

from coop.kernel.models import NO_TRUNCATE


class ErasableFile(models.Model):
    """A file, compressed. It holds people's data, so it may be erased, never changed; its digest stays elsewhere."""

    privileges = ("SELECT", "INSERT", "DELETE")

    content = models.BinaryField()

    class Meta:
        abstract = True
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update), NO_TRUNCATE]
