"""Logging in: how many may fail, whoever asks how often at once; and that nobody is kept out by others' guesses."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db.models import F
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from claims.models import Person
from tests.conftest import Caller
from verification.desk.visitors import address_of
from verification.models import AuditEntry, LoginCount
from verification.services import audit, logins

RIGHT = "the-right-password-for-this"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def olena(checker: Caller) -> Person:
    checker.person.set_password(RIGHT)
    checker.person.save()
    return checker.person


def log_in(password: str, *, name: str = "olena", address: str = HERE, **headers: str) -> Any:
    return Client(REMOTE_ADDR=address, headers=headers).post(
        "/login/", {"username": name, "password": password}
    )


def fail(times: int, **how: Any) -> list[int]:
    return [log_in("wrong", **how).status_code for _ in range(times)]


@pytest.mark.django_db
@pytest.mark.database
class TestTheLimit:
    def test_after_ten_the_next_is_told_to_wait_right_or_not(self, olena: Person) -> None:
        assert set(fail(logins.MOST_OF_A_NAME)) == {200}
        for password in ("wrong", RIGHT):
            answer = log_in(password)
            assert answer.status_code == 429
            assert 0 < int(answer["Retry-After"]) <= logins.WINDOW.total_seconds()
            assert "Too many log-ins failed. Wait 15 minutes" in answer.content.decode()
            assert "_auth_user_id" not in answer.wsgi_request.session

    def test_it_is_over_with_its_window(self, olena: Person) -> None:
        fail(logins.MOST_OF_A_NAME + 1)
        LoginCount.objects.update(until=F("until") - timedelta(minutes=15))
        assert log_in(RIGHT).status_code == 302

    def test_the_owner_comes_in_from_elsewhere_whatever_others_guess(self, olena: Person) -> None:
        fail(logins.MOST_OF_A_NAME + 1)
        assert set(fail(logins.LEFT_FROM_ELSEWHERE - 1, address=ELSEWHERE)) == {200}
        assert log_in(RIGHT, address=ELSEWHERE).status_code == 302
        assert set(fail(2, address="192.0.2.1")) == {200}

    def test_each_address_elsewhere_has_few_tries(self, olena: Person) -> None:
        fail(logins.MOST_OF_A_NAME)
        assert Counter(fail(8, address=ELSEWHERE)) == {200: logins.LEFT_FROM_ELSEWHERE, 429: 5}

    def test_right_passwords_cost_nothing(self, olena: Person) -> None:
        for _ in range(logins.MOST_FROM_AN_ADDRESS + 5):
            assert log_in(RIGHT).status_code == 302
        assert set(LoginCount.objects.values_list("failures", flat=True)) == {0}

    def test_many_names_from_one_address_are_too_many(self, olena: Person) -> None:
        tried = [fail(1, name=f"nobody-{number}")[0] for number in range(logins.MOST_FROM_AN_ADDRESS + 3)]
        assert Counter(tried) == {200: logins.MOST_FROM_AN_ADDRESS, 429: 3}
        assert log_in(RIGHT, address=ELSEWHERE).status_code == 302

    def test_what_a_stranger_says_of_their_address_helps_nobody(self, olena: Person) -> None:
        tried = [log_in("wrong", X_Forwarded_For=f"10.0.0.{number}").status_code for number in range(15)]
        assert Counter(tried) == {200: logins.MOST_OF_A_NAME, 429: 5}

    def test_a_lock_is_one_entry_in_the_systems_chain(self, olena: Person) -> None:
        fail(logins.MOST_OF_A_NAME + 4)
        entry = AuditEntry.objects.get(action="lock-login")
        assert (entry.chain_id, entry.data["of"], entry.data["person"]) == ("system", "name", str(olena.pk))
        assert HERE not in str(entry.data)
        assert list(audit.verify()) == []

    def test_an_empty_form_counts_for_nothing(self, olena: Person) -> None:
        log_in("")
        assert not LoginCount.objects.exists()

    def test_old_counters_are_forgotten(self, olena: Person) -> None:
        fail(1)
        logins.forget_old_counts()
        assert LoginCount.objects.exists()
        LoginCount.objects.update(until=F("until") - timedelta(minutes=16))
        logins.forget_old_counts()
        assert not LoginCount.objects.exists()


FORWARDED = [
    ("203.0.113.7", "", [], "203.0.113.7"),
    ("203.0.113.7", "10.0.0.1", [], "203.0.113.7"),
    ("10.1.1.1", "198.51.100.9", ["10.1.0.0/16"], "198.51.100.9"),
    ("10.1.1.1", "6.6.6.6, 198.51.100.9", ["10.1.0.0/16"], "198.51.100.9"),
    ("10.1.1.1", "6.6.6.6, 198.51.100.9, 10.1.2.2", ["10.1.0.0/16"], "198.51.100.9"),
    ("10.1.1.1", "", ["10.1.0.0/16"], "10.1.1.1"),
    ("10.1.1.1", "6.6.6.6, nonsense", ["10.1.0.0/16"], "10.1.1.1"),
    ("2001:db8:1:2:3::4", "", [], "2001:db8:1:2::/64"),
    ("::ffff:203.0.113.7", "", [], "203.0.113.7"),
    ("", "198.51.100.9", ["10.1.0.0/16"], "unknown"),
]


@pytest.mark.parametrize(("peer", "forwarded", "proxies", "address"), FORWARDED)
def test_an_address_is_believed_from_named_proxies_only(
    peer: str, forwarded: str, proxies: list[str], address: str
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    with override_settings(PROXIES=[ip_network(one) for one in proxies]):
        assert address_of(request) == address
