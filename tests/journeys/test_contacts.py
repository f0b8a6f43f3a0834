"""One open contact an uploader, whoever records theirs at the same moment; on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.journeys.callers import at_once
from tests.stack import CHECKERS, POSTGRES, SQLITE, Answer, Databases, Stack, claim_with

pytestmark = pytest.mark.services

AT_ONCE, ROUNDS = 8, 5


@pytest.fixture(scope="module", params=[SQLITE, POSTGRES])
def stack(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("contacts") / "data"
    with Stack(databases, folder, vendor=request.param, with_broker=False) as stack:
        stack.start_web(workers=2)
        stack.web_answers()
        yield stack


def test_of_eight_who_ask_the_same_uploader_about_eight_claims_one_is_recorded(stack: Stack) -> None:
    for number in range(ROUNDS):
        media = {"url": f"https://x.com/stringer_{number}/status/1"}
        filed = [
            stack.api("checker-1").post("claims/", claim_with(media, number=index, draft=True)).json
            for index in range(AT_ONCE)
        ]

        def ask(index: int, filed: list[dict] = filed) -> Answer:  # type: ignore[type-arg]
            claim = filed[index]
            body = {"media": claim["media"][0]["id"], "text": "May we?", "channel": "message"}
            return stack.api(CHECKERS[index]).post(f"claims/{claim['id']}/contacts/", body)

        answers = at_once(AT_ONCE, ask)
        assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
        first = next(index for index, answer in enumerate(answers) if answer.status == 201)
        problems = [answer.json for answer in answers if answer.status == 409]
        assert {problem["code"] for problem in problems} == {"already_asked"}
        assert all(CHECKERS[first] in problem["detail"] for problem in problems)
        # And of eight who write its one answer down, one closes it.
        contact = answers[first].json["id"]

        def answer(index: int, contact: str = contact) -> int:
            body = {"text": "Yes.", "channel": "message", "permission": "granted"}
            return stack.api(CHECKERS[index]).post(f"contacts/{contact}/answer/", body).status

        assert Counter(at_once(AT_ONCE, answer)) == {200: 1, 409: AT_ONCE - 1}
    open_ones, messages = (
        stack.sql(f"SELECT count(*) FROM {table}")[0][0]
        for table in ("verification_contact WHERE closed_at IS NULL", "verification_contactmessage")
    )
    assert (open_ones, messages) == (0, 2 * ROUNDS)
