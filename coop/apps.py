from django.apps import AppConfig


class CoopConfig(AppConfig):
    """The wiring above the apps. It holds commands and composed pages, no models."""

    name = "coop"
    label = "coop"

    def ready(self):
        # Side effects on purpose: the task queue becomes every thread's default, the checks are registered.
        from coop import celery, checks  # noqa: F401
