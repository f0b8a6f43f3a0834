from django.apps import AppConfig


class ComposeConfig(AppConfig):
    name = "config"
    label = "stet_config"

    def ready(self) -> None:
        # Whoever rings must ring our broker, not Celery's default address.
        from config import celery, system_checks  # noqa: F401, PLC0415  settings are complete only now
