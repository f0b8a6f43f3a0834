"""Typed readers of the environment. A secret may also be given as a file, by `<NAME>_FILE`."""

from __future__ import annotations

import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """The value of `name`, or the content of the file that `<name>_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which can't be read: {error}") from error
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, default: float) -> float:
    value = text(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}") from error


def words(name: str) -> list[str]:
    """A comma list; empty parts are left out."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """A comma list of addresses or networks."""
    try:
        return [ip_network(part, strict=False) for part in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must name addresses or networks: {error}") from error


def mail(url: str) -> dict[str, str | int | bool]:
    """Django's settings for a mail server given as `smtp://user:password@host:port` (STARTTLS on any port but 25 and
    where it is on this machine), or `smtps://…` (TLS from the start); without one, mail becomes files."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == -1:
        raise ImproperlyConfigured("STET_MAIL_URL must be smtp://user:password@host:port or smtps://…")
    tls = parts.scheme == "smtps"
    port = port or (465 if tls else 587)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": tls,
        "EMAIL_USE_TLS": not tls and port != 25 and parts.hostname not in {"127.0.0.1", "::1", "localhost"},
    }


def kept_secret(name: str, folder: Path, *, size_bytes: int = 48) -> str:
    """The secret from the environment, else one that is made once and kept in `folder`, readable by its owner only.

    One that is made is `size_bytes` of chance in URL-safe base64.
    """
    given = text(name)
    if given:
        return given
    path = folder / name.lower()
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{path.name}.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(size_bytes))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process of the same start was first; its secret is the one
        finally:
            fresh.unlink()
    return path.read_text(encoding="utf-8").strip()
