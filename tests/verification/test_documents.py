"""PDFs: the dates and programs in their information dictionary, wherever it stands, and in their XMP."""

import zlib

import pytest

from verification.sandbox import DecodeFailed, decode

INFO = rb"<< /Title (a \(b\)) /Author (Olena Demo) /Producer (Demo \126) /CreationDate (D:20221004140700+03'00') >>"
TRAILER = b"trailer << /Root 1 0 R /Info 5 0 R >>\n%%EOF"


def read(tmp_path, *parts):
    (tmp_path / "x.pdf").write_bytes(b"\n".join([b"%PDF-1.5", *parts]))
    return decode(tmp_path / "x.pdf", media_type="application/pdf")


def plain(info=INFO):
    return b"5 0 obj\n" + info + b"\nendobj"


def dates(facts):
    return [(date.field, date.value, date.at) for date in facts.dates]


def test_a_plain_dictionary_is_read(tmp_path):
    facts = read(tmp_path, plain(), TRAILER)
    assert dates(facts) == [("PDF CreationDate", "D:20221004140700+03'00'", "2022-10-04T14:07:00+03:00")]
    assert [(one.field, one.value) for one in facts.programs] == [("PDF Producer", "Demo V")]
    assert [(one.field, one.value) for one in facts.credits] == [("PDF Author", "Olena Demo")]
    assert facts.readers["pdf"] == "1"


def test_a_dictionary_in_a_stream_of_objects_is_read(tmp_path):
    head = b"4 0 5 11 "
    packed = zlib.compress(head + b"<< /A 1 >> " + INFO)
    stream = b"9 0 obj << /Type /ObjStm /N 2 /First %d /Length %d >> stream\n" % (len(head), len(packed))
    facts = read(tmp_path, stream + packed + b"\nendstream endobj", b"<< /Type /XRef /Info 5 0 R >>")
    assert [one.at for one in facts.dates] == ["2022-10-04T14:07:00+03:00"]


def test_the_newest_revision_counts_and_an_annotations_date_does_not(tmp_path):
    newer = plain(b"<< /ModDate (D:20221006) /CreationDate <443A32303232> >>")
    note = b"7 0 obj << /Type /Annot /CreationDate (D:19990101000000) >> endobj"
    facts = read(tmp_path, plain(), note, TRAILER, newer, TRAILER)
    assert dates(facts) == [
        ("PDF CreationDate", "D:2022", "2022"),
        ("PDF ModDate", "D:20221006", "2022-10-06"),
    ]


def test_texts_in_utf_16_are_read(tmp_path):
    name = b"\xfe\xff" + "Олена".encode("utf-16-be")
    facts = read(tmp_path, plain(b"<< /Author <" + name.hex().encode() + b"> >>"), TRAILER)
    assert facts.credits[0].value == "Олена"


def test_xmp_is_read(tmp_path):
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="2022-10-04T14:07:00+03:00"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    facts = read(tmp_path, b"3 0 obj << /Type /Metadata >> stream\n" + packet + b"\nendstream endobj")
    assert dates(facts) == [("XMP xmp:CreateDate", "2022-10-04T14:07:00+03:00", "2022-10-04T14:07:00+03:00")]


@pytest.mark.parametrize("date", [b"(D:)", b"(yesterday)", b"(D:20221304140700)", b"(D:20221004246060)"])
def test_absurd_dates_are_kept_and_not_read(tmp_path, date):
    (found,) = read(tmp_path, plain(b"<< /CreationDate " + date + b" >>"), TRAILER).dates
    assert (found.at, found.value) == (None, date[1:-1].decode())


def test_an_encrypted_document_is_a_failure_and_never_an_absence(tmp_path):
    with pytest.raises(DecodeFailed) as caught:
        read(tmp_path, plain(), b"trailer << /Encrypt 8 0 R /Info 5 0 R >>")
    assert (caught.value.code, caught.value.detail) == (
        "undecodable",
        "ValueError: the document is encrypted",
    )


def test_a_dictionary_that_is_missing_is_a_failure(tmp_path):
    with pytest.raises(DecodeFailed, match="can't be found"):
        read(tmp_path, TRAILER)


def test_a_document_that_says_nothing_is_no_failure(tmp_path):
    facts = read(tmp_path, b"1 0 obj << >> endobj")
    assert (facts.dates, facts.programs, facts.credits, facts.errors) == ((), (), (), ())
    assert facts.readers["pdf"] == "1"


def test_a_bomb_is_unpacked_to_its_bound_only(tmp_path):
    packed = zlib.compress(b"5 0 " + b"\x00" * 200_000_000, 9)
    stream = b"9 0 obj << /Type /ObjStm /First 4 >> stream\n" + packed + b"\nendstream"
    assert read(tmp_path, stream, TRAILER).dates == ()
