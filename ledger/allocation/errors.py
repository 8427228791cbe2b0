"""The one error of this package."""

from coop.kernel.money import NO_BREAK


def _one_line(text: str) -> str:
    """Keep a sentence on one line whatever a file put into it."""
    return "".join(char if char.isprintable() or char == NO_BREAK else ascii(char)[1:-1] for char in text)


class PlanRefused(ValueError):
    """A plan that cannot be carried out, with the place and the reason.

    ``where`` is a path into the plan, as in ``pools[1].basis["17"]``; it is empty when the plan as a whole is meant.
    ``why`` is a sentence for the person who wrote the plan. ``str()`` gives both on exactly one line.
    """

    def __init__(self, where: str, why: str) -> None:
        self.where = _one_line(where)
        self.why = _one_line(why)
        super().__init__(f"{self.where}: {self.why}" if self.where else self.why)
