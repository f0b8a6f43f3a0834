"""Fields for the values that are Stet's own: dates, places, words, addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from claims.addresses import AllowList, OutboundError, parse_url
from claims.dates import ClaimedDate, parse_date
from claims.errors import InvalidInput
from claims.needs import LONGEST, MOST, parse_words
from claims.places import Place, parse_place

W = TypeVar("W", bound=StrEnum)

DATE_SCHEMA = {
    "oneOf": [
        {"type": "string", "description": "EDTF level 1", "examples": ["2022-10-04", "2022-10", "2022-10-03/2022-10-05"]},
        {
            "type": "object",
            "required": ["edtf"],
            "properties": {"edtf": {"type": "string"}, "timezone": {"type": ["string", "null"]}},
        },
    ]
}  # fmt: skip
PLACE_SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "latitude": {"type": ["number", "null"], "minimum": -90, "maximum": 90},
        "longitude": {"type": ["number", "null"], "minimum": -180, "maximum": 180},
        "radius_m": {"type": ["number", "null"], "minimum": 0},
        "precision": {"enum": ["exact", "vicinity", "locality", "area", None]},
    },
}


def _as_field_error(error: InvalidInput) -> serializers.ValidationError:
    nested: dict[str, Any] = {}
    flat: list[Any] = []
    for one in error.errors:
        detail = serializers.ErrorDetail(one.detail, one.code)
        if one.pointer.strip("/"):
            # As a name: what is made of this escapes it again.
            name = one.pointer.strip("/").replace("~1", "/").replace("~0", "~")
            nested[name] = [detail]
        else:
            flat.append(detail)
    return serializers.ValidationError(nested or flat)


@extend_schema_field(DATE_SCHEMA)
class DateValueField(serializers.Field):  # type: ignore[type-arg]
    """An EDTF level 1 date, as a string or as `{"edtf", "timezone"?}`."""

    def to_internal_value(self, data: Any) -> ClaimedDate:
        timezone = None
        if isinstance(data, Mapping):
            unknown = [
                str(name) for name in data if name not in {"edtf", "timezone", "not_before", "not_after"}
            ]
            if unknown:
                raise serializers.ValidationError(dict.fromkeys(unknown, "There is no such field."))
            data, timezone = data.get("edtf"), data.get("timezone")
        if not isinstance(data, str) or not (timezone is None or isinstance(timezone, str)):
            raise serializers.ValidationError(
                'Give an EDTF date such as "2022-10-04", or {"edtf", "timezone"}.'
            )
        try:
            return parse_date(data, timezone)
        except InvalidInput as error:
            raise _as_field_error(error) from error

    def to_representation(self, value: ClaimedDate) -> dict[str, Any]:
        return value.as_json()


@extend_schema_field(PLACE_SCHEMA)
class PlaceField(serializers.Field):  # type: ignore[type-arg]
    """A place: a name, WGS 84 degrees, a radius in metres."""

    def to_internal_value(self, data: Any) -> Place:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(
                'Give a place such as {"name": "Kherson", "latitude": 46.6, "longitude": 32.6, "radius_m": 9000}.'
            )
        try:
            return parse_place(data)
        except InvalidInput as error:
            raise _as_field_error(error) from error

    def to_representation(self, value: Place) -> dict[str, Any]:
        return value.as_json()


class WordField(serializers.ChoiceField):
    """A word of the vocabulary."""

    def __init__(self, words: type[StrEnum], **options: Any) -> None:
        self._words = words
        super().__init__(choices=[(word.value, word.value) for word in words], **options)

    def to_internal_value(self, data: Any) -> StrEnum:
        if not isinstance(data, str) or data not in self._words._value2member_map_:
            known = ", ".join(word.value for word in self._words)
            raise serializers.ValidationError(f"Use one of: {known}.", code="unknown_word")
        return self._words(data)


class MediaUrlField(serializers.CharField):
    """An address that the guarded opener would try; written again from its parts."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return parse_url(text, allow=AllowList.parse(settings.FETCH_ALLOW)).url
        except OutboundError as error:
            raise serializers.ValidationError(error.detail, code=error.code) from error


class LanguageField(serializers.CharField):
    """A BCP 47 language tag, by its shape."""

    SHAPE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=35, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not self.SHAPE.fullmatch(text):
            raise serializers.ValidationError('Give a BCP 47 tag such as "en" or "pt-BR".', code="language")
        return text


class NeedsField(serializers.ListField):
    """Skills or topics: lower-case words with hyphens."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=LONGEST), max_length=MOST, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        try:
            return parse_words(super().to_internal_value(data))
        except InvalidInput as error:
            raise _as_field_error(error) from error


class MomentField(serializers.DateTimeField):
    """A time with its zone: nobody's clock is guessed."""

    default_error_messages = {"zone": "Say of which zone this time is: 2022-10-04T12:00:00Z or …+03:00."}

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("zone")
        return super().enforce_timezone(value)
