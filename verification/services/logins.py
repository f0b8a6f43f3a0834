"""Log-ins: how many may fail in a while, of a name and from an address, over all processes together.

A try is counted before its password is looked at and given back where the password was right: of many at once no more
get as far than the limit says. Whoever guesses at a name can't keep its owner out: from an address that has hardly tried
the name a few tries are left, whatever others used up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from claims.models import Person
from verification.models import LoginCount
from verification.services import audit

WINDOW = timedelta(minutes=15)
MOST_OF_A_NAME = 10
MOST_FROM_AN_ADDRESS = 30
"""More than of a name: a newsroom may sit behind one address."""
LEFT_FROM_ELSEWHERE = 3
"""Tries of a name from each address after others used up the name's."""


@dataclass(frozen=True)
class Try:
    """A log-in that may look at its password, or (`wait_seconds`) has to wait so long."""

    counted: Sequence[str] = ()
    wait_seconds: int = 0


@dataclass(frozen=True)
class _Window:
    """A counter after a try was counted, or not for want of room."""

    key: str
    taken: bool
    failures: int
    wait_seconds: int


def begin(name: str, address: str) -> Try:
    """Counts a log-in that is about to be tried. What locks a name or an address is in the system's audit chain."""
    with transaction.atomic():
        # Always in this order, so that no two wait for each other.
        of_address = _count(_key("address", address), most=MOST_FROM_AN_ADDRESS)
        if not of_address.taken:
            return _turned_away(of_address, name)
        of_name = _count(_key("name", name), most=MOST_OF_A_NAME)
        of_both = _count(_key("name-from", name, address), most=None)
        counted = [window.key for window in (of_address, of_name, of_both) if window.taken]
        if of_name.taken or of_both.failures <= LEFT_FROM_ELSEWHERE:
            return Try(counted)
        _give_back(counted[:1])
        return _turned_away(of_name, name)


def succeeded(tried: Try) -> None:
    """Gives back what a log-in counted whose password was right."""
    with transaction.atomic():
        _give_back(tried.counted)


def forget_old_counts() -> None:
    """Drops counters whose window has ended."""
    LoginCount.objects.filter(until__lt=Now()).delete()


def _count(key: str, *, most: int | None) -> _Window:
    """Counts one more where there is room, in this window or in a new one."""
    LoginCount.objects.get_or_create(key=key, defaults={"until": Now() + WINDOW})
    LoginCount.objects.filter(key=key, until__lte=Now()).update(
        failures=0, until=Now() + WINDOW, locked_at=None
    )
    room = LoginCount.objects.filter(key=key)
    if most is not None:
        room = room.filter(failures__lt=most)
    taken = room.update(failures=F("failures") + 1) == 1
    row = LoginCount.objects.annotate(now=Now()).get(key=key)
    now: datetime = row.now
    return _Window(key, taken, row.failures, max(math.ceil((row.until - now).total_seconds()), 1))


def _give_back(keys: Sequence[str]) -> None:
    for key in keys:
        LoginCount.objects.filter(key=key, failures__gt=0).update(failures=F("failures") - 1)


def _turned_away(window: _Window, name: str) -> Try:
    if LoginCount.objects.filter(key=window.key, locked_at=None).update(locked_at=Now()) == 1:
        of = window.key.partition(":")[0]
        person = Person.objects.filter(username=name).first() if of == "name" else None
        data = {"of": of, "key": window.key, "seconds": window.wait_seconds}
        if person is not None:
            data["person"] = str(person.pk)
        audit.record_system(action="lock-login", actor=None, data=data)
    return Try(wait_seconds=window.wait_seconds)


def _key(of: str, *parts: str) -> str:
    return f"{of}:{salted_hmac('stet.logins', chr(0).join(parts), algorithm='sha256').hexdigest()[:48]}"
