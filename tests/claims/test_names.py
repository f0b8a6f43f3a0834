"""The names that files are sent under: kept as names, never as paths or tricks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.media.names import LONGEST, tidy_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("IMG-20221004-WA0007.jpg", "IMG-20221004-WA0007.jpg"),
        ("WhatsApp Image 2022-10-04 at 14.07.00.jpeg", "WhatsApp Image 2022-10-04 at 14.07.00.jpeg"),
        ("Херсон, міст.jpg", "Херсон, міст.jpg"),
        (r"C:\Users\olena\photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("photo\u202egpj.exe", "photo gpj.exe"),
        ("a\r\nb\x00c\t.jpg", "a b c .jpg"),
        ("  .. ", ""),
        ("", ""),
        ("folder/", ""),
        ("\ud800.jpg", ".jpg"),
    ],
)
def test_a_name_is_kept_as_a_name(sent, kept):
    assert tidy_name(sent) == kept


def test_a_long_name_keeps_its_beginning_and_its_end():
    kept = tidy_name("WhatsApp Image " + "x" * 400 + ".final.jpeg")
    assert len(kept) == LONGEST
    assert kept.startswith("WhatsApp Image x")
    assert kept.endswith("x.final.jpeg")


@given(st.text(max_size=600))
def test_no_name_is_a_path_or_hides_anything(sent):
    kept = tidy_name(sent)
    assert len(kept) <= LONGEST
    assert kept.isprintable()
    assert not set(kept) & set("/\\")
    assert tidy_name(kept) == kept
