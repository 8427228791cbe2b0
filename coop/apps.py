from django.apps import AppConfig


class CoopConfig(AppConfig):
    """The wiring above the apps. It holds commands and composed pages, no models."""

    name = "coop"
    label = "coop"
