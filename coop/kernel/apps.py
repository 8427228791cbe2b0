from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "coop.kernel"
    label = "kernel"
    verbose_name = "Kernel"
