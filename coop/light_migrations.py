"""Migrating an empty database in seconds instead of half a minute.

After every operation Django renders each model anew that is related to the one concerned. For a new constraint, index
or trigger that is work for nothing: it changes no field and no relation. With some hundred of them on some eighty
models this was three quarters of the time ``migrate`` took. Here such an operation changes the model's options and
leaves the rendered models alone; what it does to the database is untouched.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import IndexOperation
from django.db.migrations.state import ProjectState

OPTIONS = ("constraints", "indexes")


@contextmanager
def rendered_once() -> Iterator[None]:
    """While this lasts, operations on constraints, indexes and triggers do not render models."""
    changed = {
        each: each.__dict__["state_forwards"] for each in _kinds(IndexOperation) if "state_forwards" in vars(each)
    }
    for kind, original in changed.items():
        setattr(kind, "state_forwards", _light(original))  # noqa: B010
    try:
        yield
    finally:
        for kind, original in changed.items():
            setattr(kind, "state_forwards", original)  # noqa: B010


def _kinds(kind: type[Operation]) -> Iterator[type[Operation]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def _light(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def state_forwards(operation: Any, app_label: str, state: ProjectState) -> None:
        rendered = vars(state).pop("apps", None)  # nothing rendered, nothing to render anew
        original(operation, app_label, state)
        if rendered is None:
            return
        vars(state)["apps"] = rendered
        options = state.models[app_label, operation.model_name.lower()].options
        meta = rendered.get_model(app_label, operation.model_name)._meta
        for name in OPTIONS:
            setattr(meta, name, list(options.get(name, ())))

    return state_forwards
