"""Migrating an empty database in seconds instead of a minute.

After every operation Django renders each model anew that is related to the one concerned, and here that is nearly all
of them: each belongs to a co-operative. For a new constraint, index or trigger that is work for nothing, as it changes
no field and no relation; for a new model, a new field or a changed one that no key points to it is enough to render
that model, as relations are found by name.
With some hundreds of these on some hundred and thirty models this was nine tenths of the time ``migrate`` took. What an
operation does to the database is untouched; one that runs Python gets models rendered anew, as it does after Django's
own delayed rendering.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import AddField, AlterField
from django.db.migrations.operations.models import CreateModel, IndexOperation
from django.db.migrations.state import ProjectState, StateApps
from django.db.migrations.utils import field_is_referenced

OPTIONS = ("constraints", "indexes")


@contextmanager
def rendered_once() -> Iterator[None]:
    """While this lasts, no operation that adds something renders more than the model it adds to."""
    alone = {CreateModel: _alone, AddField: _alone, AlterField: _alone_unless_referenced}
    light = {each: _light for each in _kinds(IndexOperation)} | alone
    changed = {each: vars(each)["state_forwards"] for each in light if "state_forwards" in vars(each)}
    for kind, original in changed.items():
        setattr(kind, "state_forwards", light[kind](original))  # noqa: B010
    try:
        yield
    finally:
        for kind, original in changed.items():
            setattr(kind, "state_forwards", original)  # noqa: B010


def _kinds(kind: type[Operation]) -> Iterator[type[Operation]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def _unrendered(original: Callable[..., None], operation: Any, app_label: str, state: ProjectState) -> StateApps | None:
    """Do it to the state while nothing is rendered, so that nothing is rendered anew; what was rendered, if it was."""
    rendered = vars(state).pop("apps", None)
    original(operation, app_label, state)
    if rendered is not None:
        vars(state)["apps"] = rendered
    return rendered


def _light(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def state_forwards(operation: Any, app_label: str, state: ProjectState) -> None:
        if rendered := _unrendered(original, operation, app_label, state):
            options = state.models[app_label, operation.model_name.lower()].options
            meta = rendered.get_model(app_label, operation.model_name)._meta
            for name in OPTIONS:
                setattr(meta, name, list(options.get(name, ())))

    return state_forwards


def _alone(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def state_forwards(operation: Any, app_label: str, state: ProjectState) -> None:
        if rendered := _unrendered(original, operation, app_label, state):
            name = getattr(operation, "model_name", operation.name).lower()
            rendered.unregister_model(app_label, name)
            rendered.render_multiple([state.models[app_label, name]])
            state.is_delayed = True  # models elsewhere may still point to the one before: not for Python to see

    return state_forwards


def _alone_unless_referenced(original: Callable[..., None]) -> Callable[..., None]:
    alone = _alone(original)

    @wraps(original)
    def state_forwards(operation: Any, app_label: str, state: ProjectState) -> None:
        changed = (operation.name, operation.field)
        referenced = field_is_referenced(state, (app_label, operation.model_name_lower), changed)
        (original if referenced else alone)(operation, app_label, state)

    return state_forwards
