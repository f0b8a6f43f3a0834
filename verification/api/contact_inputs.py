"""What staff send of contacts with uploaders and of permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from claims.api.base import StrictSerializer
from claims.api.fields import MomentField, WordField
from claims.intake import MAX_MEDIA
from claims.vocabulary import ContactChannel, Permission
from verification.api.inputs import TextField
from verification.services.contacts import Said
from verification.services.permissions import MAX_TERM, Terms

_SAID = ("text", "channel", "at", "call_again_at")
_TERMS = ("permission", "scope", "territory", "until", "credit", "rights_holder", "proof", "reason")


class SaidInput(StrictSerializer):
    """What was asked or answered, by which channel; `at` is when, without it now."""

    text = TextField()
    channel = WordField(ContactChannel)
    at = MomentField(required=False, allow_null=True)
    call_again_at = MomentField(required=False, allow_null=True)


class ContactInput(SaidInput):
    media = serializers.UUIDField()
    account = serializers.CharField(required=False, allow_blank=True, max_length=300)
    platform = serializers.CharField(required=False, allow_blank=True, max_length=100)
    for_permission = serializers.BooleanField(required=False, default=True)


class TermsInput(StrictSerializer):
    """What is allowed; credit and rights holder stay as they are where they are left out."""

    scope = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TERM)
    territory = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TERM)
    until = MomentField(required=False, allow_null=True)
    credit = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TERM)
    rights_holder = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TERM)
    proof = TextField(required=False, allow_blank=True)
    reason = TextField(required=False, allow_blank=True)


class PermissionInput(TermsInput):
    permission = WordField(Permission)


class AnswerInput(SaidInput, TermsInput):
    permission = WordField(Permission, required=False)
    media = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MAX_MEDIA)


class CloseInput(StrictSerializer):
    reason = TextField(required=False, allow_blank=True, default="")


def said_in(given: Mapping[str, Any]) -> Said:
    return Said(**{name: given[name] for name in _SAID if name in given})


def terms_of(given: Mapping[str, Any]) -> Terms:
    return Terms(**{name: given[name] for name in _TERMS if name in given})


def terms_in(given: Mapping[str, Any]) -> Terms | None:
    """The terms that were sent; None where no permission was named. Raises ValidationError for terms without one."""
    if "permission" in given:
        return terms_of(given)
    if left := [name for name in _TERMS if given.get(name)]:
        raise serializers.ValidationError(
            {
                name: serializers.ErrorDetail("Terms go with a permission: say which.", "terms")
                for name in left
            }
        )
    return None
