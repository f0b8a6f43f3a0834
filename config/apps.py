from django.apps import AppConfig


class ComposeConfig(AppConfig):
    name = "config"
    label = "stet_config"
