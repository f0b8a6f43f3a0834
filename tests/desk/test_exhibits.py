"""Exhibits in a basis: what is compared with what, kept with the verdict and shown wherever it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from claims.models import MediaItem
from tests.conftest import CHURCH, Caller, decide, file_claim, lease, refused
from tests.desk.test_another_look import Look, text
from tests.verification import test_recycled as recycled
from tests.verification.test_pdq import pattern
from verification.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
NOWHERE = "00000000-0000-0000-0000-000000000007"


@pytest.fixture
def photo(checker: Caller) -> MediaItem:
    """A claim with a photo."""
    return recycled.filed(checker, recycled.as_file(pattern(1)))


def exhibit(photo: MediaItem, frame: Any = None, **reference: Any) -> dict[str, Any]:
    return {
        "frame": {"media": str(photo.pk), "box": [0.1, 0.2, 0.3, 0.25], **(frame or {})},
        "reference": {
            "url": "https://imagery.example/tile/7",
            "provider": "Imagery of a survey",
            "date": {"edtf": "2022-06"},
            "licence": "CC BY 4.0",
            **reference,
        },
    }


def verdict(photo: MediaItem, leased: Any, checker: Caller, shown: Any) -> Any:
    return decide(checker, leased, "location", "verified", basis=[CHURCH, {**CHURCH, "exhibit": shown}])


def test_an_exhibit_is_kept_and_given_back(checker: Caller, photo: MediaItem) -> None:
    shown = exhibit(photo, box=[0, 0, 1, 1], image=str(photo.pk))
    assert verdict(photo, lease(checker), checker, shown).status_code == 201
    (kept,) = checker.get(f"claims/{photo.claim_id}/verdicts/").json()["verdicts"]
    assert kept["basis"][1]["exhibit"]["frame"] == shown["frame"]
    assert kept["basis"][1]["exhibit"]["reference"]["date"]["edtf"] == "2022-06"
    assert kept["basis"][1]["exhibit"]["reference"]["image"] == str(photo.pk)


FLAWS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an item of nobody": ({"media": NOWHERE}, {}, "/frame/media"),
    "no id": ({"media": "one"}, {}, "/frame/media"),
    "a moment of a photo": ({"at_ms": 7}, {}, "/frame/at_ms"),
    "beyond the edge": ({"box": [0.8, 0, 0.3, 0.1]}, {}, "/frame/box"),
    "nothing in it": ({"box": [0.1, 0.1, 0, 0.1]}, {}, "/frame/box"),
    "three numbers": ({"box": [0.1, 0.1, 0.1]}, {}, "/frame/box"),
    "in percent": ({"box": [10, 10, 10, 10]}, {}, "/frame/box"),
    "a box in the reference": ({}, {"box": [0, 0.9, 1, 0.2]}, "/reference/box"),
    "an image of nobody": ({}, {"image": NOWHERE}, "/reference/image"),
    "no address": ({}, {"url": None}, "/reference/url"),
    "nobody's": ({}, {"provider": ""}, "/reference/provider"),
    "no date": ({}, {"date": {"edtf": "June"}}, "/reference/date"),
    "a word nobody knows": ({}, {"author": "x"}, "/reference/author"),
}


@pytest.mark.parametrize(("frame", "reference", "pointer"), FLAWS.values(), ids=FLAWS)
def test_what_is_wrong_with_an_exhibit_is_named(
    checker: Caller, photo: MediaItem, frame: Any, reference: Any, pointer: str
) -> None:
    shown = exhibit(photo, frame, **reference)
    problem = refused(verdict(photo, lease(checker), checker, shown), 400)
    assert all(error["pointer"].startswith(f"/basis/1/exhibit{pointer}") for error in problem["errors"]), (
        problem
    )


def test_neither_an_address_nor_an_image_is_no_reference(checker: Caller, photo: MediaItem) -> None:
    shown = exhibit(photo)
    del shown["reference"]["url"]
    refused(verdict(photo, lease(checker), checker, shown), 400, pointer="/basis/1/exhibit/reference/url")


TYPED = {
    "dimension": "location",
    "status": "verified",
    "rows": "2",
    "reason": "Seen.",
    "method_1": "geolocation",
    "frame_box_1": "10 20 30 25",
    "image_url_1": "https://imagery.example/tile/7",
    "image_box_1": "0, 0, 50 %, 50",
    "provider_1": "Imagery of a survey",
    "image_date_1": "2022-06",
    "licence_1": "CC BY 4.0",
}


def test_a_form_makes_an_exhibit_and_both_pages_show_it(
    checker: Caller, editor: Caller, photo: MediaItem, pages: Pages
) -> None:
    look = Look(pages(checker), str(photo.claim_id))
    look.decide(**TYPED, frame_media_1=str(photo.pk))
    shown = look.dimension("location")
    said = "Imagery of a survey, June 2022, CC BY 4.0, in a box of 50 % by 50 % from 0 % left, 0 % top"
    assert said in text(shown)
    assert '<rect x="10%" y="20%" width="30%" height="25%"/>' in shown
    assert re.search(r'<span class="boxed"><img src="[^"]+"', shown)
    token = re.search(r'name="lease_token" value="([^"]+)"', look.html())
    assert token
    assert checker.post(f"claims/{photo.claim_id}/submit/", {"lease_token": token[1]}).status_code == 200
    signoff = pages(editor).get(f"{look.url}sign-off/").content.decode()
    assert said in text(signoff)
    assert '<rect x="10%" y="20%" width="30%" height="25%"/>' in signoff


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"frame_media_1": ""}, "frame_media_1", "Say of which item the frame is."),
        ({"provider_1": ""}, "provider_1", "Say who provides the reference image."),
        ({"frame_box_1": "a corner"}, "frame_box_1", "Say left, top, width and height in percent"),
        ({"frame_box_1": "90 0 20 10"}, "frame_box_1", "lies within it"),
        ({"frame_at_1": "3.5"}, "frame_at_1", "Only a film has moments"),
        ({"image_url_1": ""}, "image_url_1", "Say where the reference image is"),
        ({"image_date_1": "June"}, "image_date_1", ""),
    ],
)
def test_a_form_says_at_the_field_what_is_wrong_and_keeps_what_was_typed(
    checker: Caller, photo: MediaItem, pages: Pages, changes: dict[str, str], field: str, said: str
) -> None:
    look = Look(pages(checker), str(photo.claim_id))
    token = re.search(r'name="lease_token" value="([^"]+)"', look.html())
    assert token
    sent = {**TYPED, "frame_media_1": str(photo.pk), "lease_token": token[1], **changes}
    answer = look.browser.post(f"{look.url}verdict/", sent)
    assert answer.status_code in {400, 422}
    html = answer.content.decode()
    errors = re.findall(rf'id="location-{field}-errors"[^>]*>(.*?)</', html, re.DOTALL)
    assert errors or said in text(html)
    assert said in text(html)
    assert 'value="CC BY 4.0"' in html


def test_taking_it_back_puts_it_into_the_form_again(checker: Caller, photo: MediaItem, pages: Pages) -> None:
    look = Look(pages(checker), str(photo.claim_id))
    look.decide(**TYPED, frame_media_1=str(photo.pk))
    token = re.search(r'name="lease_token" value="([^"]+)"', look.html())
    assert token
    assert look.browser.post(f"{look.url}undo/", {"lease_token": token[1]}).status_code == 302
    fields = Draft.objects.get().content["location"]
    assert (fields["frame_box_0"], fields["provider_0"]) == (["10, 20, 30, 25"], ["Imagery of a survey"])
    assert fields["frame_media_0"] == [str(photo.pk)]


def test_a_flagged_frame_is_said_and_not_shown(checker: Caller, photo: MediaItem, pages: Pages) -> None:
    look = Look(pages(checker), str(photo.claim_id))
    look.decide(**TYPED, frame_media_1=str(photo.pk))
    MediaItem.objects.update(content_flags=["graphic"])
    shown = look.dimension("location")
    assert '<span class="boxed">' not in shown
    assert 'id="pictures"' not in look.html()
    assert "Frame: Photo" in text(shown)


def test_a_claim_without_media_asks_for_no_frame(checker: Caller, pages: Pages) -> None:
    look = Look(pages(checker), file_claim(checker)["id"])
    assert "frame_media_0" not in look.html()
