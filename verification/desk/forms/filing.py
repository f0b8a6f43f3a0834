"""The form that a claim is filed with: the same limits and the same words of refusal as the API's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from claims.api.fields import LanguageField, MediaUrlField
from claims.dates import ClaimedDate
from claims.errors import InvalidInput, StorageFailed
from claims.intake import (
    MAX_MEDIA_URL,
    MAX_SOURCE_NAME,
    MAX_SOURCE_URL,
    MAX_TAG,
    MAX_TAGS,
    MAX_TEXT,
    NewClaim,
    NewMedia,
    NewSource,
)
from claims.media.archive import Stored
from claims.media.capture import Captured, CaptureFailed, take_upload
from claims.media.sniff import Sniffed
from claims.models import Desk, Person, Source
from claims.places import MAX_NAME_LENGTH, Place
from claims.vocabulary import MediaKind, Precision, Priority, SourceKind
from verification.desk.forms.values import read_date, read_place, read_words
from verification.desk.readings import date_reading, place_reading
from verification.desk.words import label

MAX_ROWS = 15
"""Media in one form: its fields are bounded. More are added on the claim's page, or by the API."""

MAX_PASTE = 2000
"""What fits into an address, written in any alphabet."""

_LINK = re.compile(r"(?:\bhttps?://|\bwww\.)\S+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?)]}>\"'»”\u2019…"
_KEPT_FOR_SECONDS = 24 * 60 * 60
_SALT = "stet.filing.upload.2"


def _typed(example: str = "", *, plain: bool = False, **attrs: str) -> forms.TextInput:
    """A line to type in; `plain` is no prose, so nothing is to correct it."""
    plainly = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"} if plain else {}
    return forms.TextInput(attrs={**({"placeholder": example} if example else {}), **plainly, **attrs})


def sort_paste(text: str) -> tuple[str, list[str]]:
    """The words and the links of what somebody pasted."""
    links = [found.rstrip(_AFTER_LINK) for found in _LINK.findall(text)]
    lines = (" ".join(line.split()) for line in _LINK.sub("", text).splitlines())
    said = "\n".join(line for line in lines if line)
    return (said if re.search(r"\w", said) else ""), list(dict.fromkeys(with_scheme(link) for link in links))


def with_scheme(link: str) -> str:
    """An address as people write it, with the scheme that they leave out."""
    return link if "://" in link or not link else f"https://{link}"


class _AsTheAPI(forms.CharField):
    """A text that is read, and refused, by the API's own field."""

    def __init__(self, reader: serializers.Field[Any, Any, Any, Any], **options: Any) -> None:
        self._reader = reader
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return text
        try:
            return self._reader.run_validation(self.prepared(text))
        except serializers.ValidationError as error:
            raise forms.ValidationError(
                [str(detail) for detail in cast("list[Any]", error.detail)]
            ) from error

    def prepared(self, text: str) -> str:
        return text


class _MediaLink(_AsTheAPI):
    def prepared(self, text: str) -> str:
        return with_scheme(text)


class WhenAndWhere(forms.Form):
    """What is claimed of date and place, with what it is read as."""

    date = forms.CharField(required=False, label="Date", widget=_typed("2022-10-04", plain=True))
    zone = forms.CharField(
        required=False, label="Time zone", widget=_typed("that of the place", plain=True, list="zones")
    )
    place = forms.CharField(
        required=False, max_length=MAX_NAME_LENGTH, label="Place", widget=_typed("Kherson")
    )
    point = forms.CharField(
        required=False,
        label="Latitude, longitude",
        widget=_typed("46.64, 32.61", plain=True),
    )
    radius = forms.CharField(
        required=False, label="Radius in km", widget=_typed("5", plain=True, inputmode="decimal")
    )
    precision = forms.ChoiceField(
        required=False,
        choices=[("", "Not said"), *((word.value, label(word)) for word in Precision)],
        label="Precision",
    )

    claimed_date: ClaimedDate | None = None
    claimed_location: Place | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            self.claimed_date = read_date(edtf=said.get("date", ""), zone=said.get("zone", ""))
        except InvalidInput as error:
            for one in error.errors:
                self.add_error("zone" if one.pointer == "/timezone" else "date", one.detail)
        if not {"place", "point", "radius", "precision"} & set(self.errors):
            self._read_place(said)
        return said

    def _read_place(self, said: dict[str, Any]) -> None:
        try:
            self.claimed_location = read_place(
                name=said["place"],
                point=said["point"],
                radius_km=said["radius"],
                precision=said["precision"],
            )
        except InvalidInput as error:
            for one in error.errors:
                field = _PLACE_FIELDS.get(one.pointer, "point")
                if one.detail not in self.errors.get(field, ()):
                    self.add_error(field, one.detail)

    @property
    def date_said(self) -> str:
        """What the date is read as; empty where nothing was typed or it can't be read."""
        if not self.is_bound or not self.is_valid_there("date", "zone") or self.claimed_date is None:
            return ""
        return date_reading(self.claimed_date, self.claimed_location)

    @property
    def place_said(self) -> str:
        if not self.is_bound or not self.is_valid_there("place", "point", "radius", "precision"):
            return ""
        return place_reading(self.claimed_location) if self.claimed_location else ""

    def is_valid_there(self, *names: str) -> bool:
        return not set(names) & set(self.errors)

    @property
    def is_said(self) -> bool:
        """Whether anything is said of date or place, well or badly."""
        return any(self[name].value() for name in WhenAndWhere.base_fields)


_PLACE_FIELDS = {"/name": "place", "/radius_m": "radius", "/precision": "precision"}


class MediaForm(WhenAndWhere):
    """One row of media: by link, or by a file."""

    url = _MediaLink(
        MediaUrlField(max_length=MAX_MEDIA_URL),
        required=False,
        max_length=MAX_MEDIA_URL,
        label="Link",
        widget=_typed("https://", plain=True, inputmode="url"),
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        max_length=500,
        label="Or a file",
        widget=forms.FileInput(attrs={"accept": "video/*,image/*,audio/*,application/pdf"}),
    )
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Find out"), *((word.value, label(word)) for word in MediaKind)],
        label="Kind",
    )
    caption = forms.CharField(
        required=False, max_length=MAX_TEXT, label="Caption", help_text="What it is said to show."
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    upload: Upload | None = None
    _refused_upload = ""

    @property
    def is_detailed(self) -> bool:
        """Whether more is said of it than where it is; then that is shown unfolded."""
        return self.is_said or bool(self["caption"].value() or self["kind"].value())

    @property
    def is_empty(self) -> bool:
        return self.upload is None and not any(
            self[name].value() for name in self.fields if name not in {"kept", "file"}
        )

    def take(self, person: Person) -> None:
        """Takes in the row's file, or finds the one that was taken in before."""
        file = self.files.get(self.add_prefix("file"))
        try:
            if file is not None:
                self.upload = Upload.taken(file, person)
            elif token := self.data.get(self.add_prefix("kept"), ""):
                self.upload = Upload.kept(token, person)
        except (CaptureFailed, StorageFailed) as error:
            self._refused_upload = f"{file.name if file else 'The file'} was not taken. {error.detail}"

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if self._refused_upload:
            self.add_error("file", self._refused_upload)
        elif self.upload is not None and said.get("url"):
            self.add_error("url", "Give a link or a file, not both. Put the other into a row of its own.")
        elif self.upload is None and not said.get("url") and "url" not in self.errors and not self.is_empty:
            self.add_error("url", "Give a link or choose a file, or empty this row.")
        return said

    def new_media(self) -> NewMedia:
        said = self.cleaned_data
        return NewMedia(
            url=said["url"],
            kind=MediaKind(said["kind"]) if said["kind"] else None,
            caption=said["caption"],
            claimed_date=self.claimed_date,
            claimed_location=self.claimed_location,
        )


@dataclass(frozen=True)
class Upload:
    """A file that is in the archive already and waits for its claim; `token` lets its sender come back to it."""

    name: str
    captured: Captured
    token: str

    @classmethod
    def taken(cls, file: UploadedFile[Any], person: Person) -> Upload:
        """Raises CaptureFailed for what is not media."""
        captured = take_upload(file.chunks(), name=file.name or "")
        name = captured.file_name or "file"
        said = {
            "name": name,
            "sha256": captured.stored.sha256,
            "size_bytes": captured.stored.size_bytes,
            "media_type": captured.sniffed.media_type,
            "kind": captured.sniffed.kind.value,
            "by": str(person.pk),
            "at": [captured.started_at.isoformat(), captured.finished_at.isoformat()],
        }
        return cls(name, captured, signing.dumps(said, salt=_SALT))

    @classmethod
    def kept(cls, token: str, person: Person) -> Upload:
        """Raises CaptureFailed for a token that is not the person's, or too old."""
        try:
            said = signing.loads(token, salt=_SALT, max_age=_KEPT_FOR_SECONDS)
        except signing.BadSignature as error:
            raise CaptureFailed("It was sent too long ago. Choose it again.") from error
        if said["by"] != str(person.pk):
            raise CaptureFailed("Somebody else sent it. Choose it again.")
        # When it came, not when its claim was filed: the archive's word on when bytes were there is a bound.
        started_at, finished_at = (datetime.fromisoformat(at) for at in said["at"])
        captured = Captured(
            Stored(said["sha256"], said["size_bytes"]),
            Sniffed(said["media_type"], MediaKind(said["kind"])),
            started_at=started_at,
            finished_at=finished_at,
            file_name=said["name"],
        )
        return cls(said["name"], captured, token)


class ClaimForm(WhenAndWhere):
    """The claim itself; what is shown is in the rows of media beside it."""

    statement = forms.CharField(
        max_length=MAX_TEXT,
        label="Statement",
        help_text="A sentence that can be checked, as they say it.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write what is claimed, in a sentence or two."},
    )
    language = _AsTheAPI(
        LanguageField(),
        initial="en",
        label="Language",
        help_text="Of the statement: en, uk, pt-BR.",
        widget=_typed(plain=True),
        error_messages={"required": 'Write the language of the statement, such as "en" or "uk".'},
    )
    source_name = forms.CharField(
        max_length=MAX_SOURCE_NAME,
        label="Who claims it",
        help_text="A person, body, outlet or account.",
        widget=_typed(list="sources", autocomplete="off"),
        error_messages={
            "required": "Say who claims it: a person, body, outlet or account. Write Unknown where nobody knows."
        },
    )
    source_kind = forms.ChoiceField(
        choices=[(word.value, label(word)) for word in SourceKind],
        initial=SourceKind.UNKNOWN.value,
        required=False,
        label="Kind",
    )
    source_url = forms.URLField(
        required=False,
        max_length=MAX_SOURCE_URL,
        assume_scheme="https",
        label="Their page or account",
        help_text="May be left empty.",
        widget=_typed("https://", plain=True, inputmode="url"),
    )
    priority = forms.ChoiceField(
        choices=[(word.value, label(word)) for word in Priority],
        initial=Priority.NORMAL.value,
        required=False,
        label="Priority",
    )
    tags = forms.CharField(required=False, label="Tags", help_text="With commas between them.")
    skills = forms.CharField(
        required=False,
        label="Needs somebody for",
        help_text="Skills with commas between them, such as geolocation. It is offered to nobody without them.",
    )
    topics = forms.CharField(
        required=False,
        label="Needs somebody who knows about",
        help_text="Topics with commas between them, such as public-health.",
    )

    def clean_statement(self) -> str:
        # Browsers end lines in their own way; the same words are the same whoever sends them.
        return str(self.cleaned_data["statement"]).replace("\r\n", "\n")

    def clean_tags(self) -> list[str]:
        tags = list(dict.fromkeys(tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()))
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(f"A claim has at most {MAX_TAGS} tags.")
        if too_long := next((tag for tag in tags if len(tag) > MAX_TAG), None):
            raise forms.ValidationError(
                f"A tag has at most {MAX_TAG} characters: “{too_long[:20]}…” is longer."
            )
        return tags

    def clean_skills(self) -> list[str]:
        return read_words(self.cleaned_data["skills"])

    def clean_topics(self) -> list[str]:
        return read_words(self.cleaned_data["topics"])


class Filing:
    """A claim with its rows of media, as somebody is filing it."""

    def __init__(self, claim: ClaimForm, rows: Sequence[MediaForm], *, left_out: int = 0) -> None:
        self.claim = claim
        self.rows = list(rows)
        self.left_out = left_out

    @classmethod
    def begun(cls, paste: str) -> Filing:
        """With what was pasted in its place."""
        statement, links = sort_paste(paste)
        rows = [MediaForm(initial={"url": link}, prefix=f"m{n}") for n, link in enumerate(links[:MAX_ROWS])]
        return cls(
            ClaimForm(initial={"statement": statement}),
            rows or [MediaForm(prefix="m0")],
            left_out=len(links) - len(rows),
        )

    @classmethod
    def sent(cls, data: Any, files: MultiValueDict[str, UploadedFile[Any]], person: Person) -> Filing:
        """As it was posted, its files taken in. Rows that were emptied are left out."""
        given = data.get("rows", "")
        count = min(int(given), MAX_ROWS) if given.isascii() and given.isdecimal() and len(given) < 4 else 1
        rows = [MediaForm(data, files, prefix=f"m{number}") for number in range(count)]
        for row in rows:
            row.take(person)
        return cls(ClaimForm(data), rows)

    def unchecked(self) -> Filing:
        """The same as typed, with nothing said of what is wrong: for who is not done yet."""
        claim = ClaimForm(initial=_typed_so_far(self.claim))
        rows = []
        for row in self.rows:
            rows.append(MediaForm(initial=_typed_so_far(row), prefix=row.prefix))
            rows[-1].upload = row.upload
        return Filing(claim, rows)

    @property
    def filled(self) -> list[MediaForm]:
        return [row for row in self.rows if not row.is_empty or row.errors]

    @cached_property
    def is_valid(self) -> bool:
        return all([self.claim.is_valid(), *(row.is_valid() for row in self.filled)])

    @property
    def has_row_errors(self) -> bool:
        return any(row.errors for row in self.filled)

    @property
    def empty_row(self) -> MediaForm:
        """What another row is made of."""
        return MediaForm(prefix="m__n__")

    @property
    def may_grow(self) -> bool:
        return len(self.rows) < MAX_ROWS

    def grow(self) -> None:
        if self.may_grow:
            self.rows.append(MediaForm(prefix=f"m{len(self.rows)}"))

    @property
    def links(self) -> list[MediaForm]:
        return [row for row in self.filled if row.upload is None]

    @property
    def uploads(self) -> list[tuple[MediaForm, Upload]]:
        return [(row, row.upload) for row in self.filled if row.upload is not None]

    def new_claim(self, desk: Desk, *, draft: bool) -> NewClaim:
        said = self.claim.cleaned_data
        return NewClaim(
            statement=said["statement"],
            language=said["language"],
            source=_source(desk, said),
            claimed_date=self.claim.claimed_date,
            claimed_location=self.claim.claimed_location,
            media=[row.new_media() for row in self.links],
            priority=Priority(said["priority"] or Priority.NORMAL),
            tags=said["tags"],
            skills=said["skills"],
            topics=said["topics"],
            draft=draft,
        )


def _typed_so_far(form: forms.Form) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields if name not in {"file", "kept"}}


@dataclass(frozen=True)
class Traces:
    """A statement and links, to look for what is here already."""

    statement: str
    urls: list[str]

    @classmethod
    def of(cls, statement: str, links: Iterable[str]) -> Traces:
        """From what is typed so far; a link that can't be read is none yet."""
        return cls(statement, list(_read(links)))


def _read(links: Iterable[str]) -> Iterable[str]:
    field = _MediaLink(MediaUrlField(max_length=MAX_MEDIA_URL), required=False)
    for link in links:
        try:
            url = field.clean(link)
        except forms.ValidationError:
            continue
        if url:
            yield url


def _source(desk: Desk, said: dict[str, Any]) -> Any:
    """The desk's source of this name where just one is meant; else a new one."""
    kind = SourceKind(said["source_kind"] or SourceKind.UNKNOWN)
    known = Source.objects.filter(desk=desk, confidential=False, name=said["source_name"])
    if kind is not SourceKind.UNKNOWN:
        known = known.filter(kind=kind.value)
    if said["source_url"]:
        known = known.filter(url=said["source_url"])
    found = list(known.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else NewSource(said["source_name"], kind, said["source_url"])
