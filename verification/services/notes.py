"""Notes on a claim, its media and dimensions, and whom they reach."""

from __future__ import annotations

import uuid

from claims.errors import FieldError, IllegalState, InvalidInput, NotAllowed
from claims.models import Body, Claim, Person
from claims.vocabulary import Dimension, Notice, Role
from verification.domain.transitions import Action
from verification.models import Note, NoteStrike
from verification.services import telling
from verification.services.acting import Act, acting, roles_of
from verification.services.verdicts import item_of


def add_note(
    claim: Claim,
    *,
    actor: Person,
    body: str,
    dimension: Dimension | None = None,
    media: uuid.UUID | None = None,
) -> Note:
    """Leaves a remark on a claim, one of its media items or a dimension. Raises InvalidInput at /media."""
    if media is not None and dimension == Dimension.MOTIVATION:
        raise InvalidInput(
            FieldError("/media", "The motivation is of the claim, not of a media item.", "target")
        )
    with acting(claim, actor=actor, action=Action.NOTE) as act:
        note = Note.objects.create(
            claim=act.claim,
            media=item_of(act.claim, media),
            dimension=dimension.value if dimension else "",
            body=Body.objects.keep(body),
            by=actor,
            at=act.at,
        )
        act.data |= {"note": note.pk, "content": note.body}
        _tell_of_note(act, note, body)
    return note


def strike_note(note: Note, *, actor: Person) -> Note:
    """Strikes a note out, for its author or an editor; it stays readable."""
    with acting(note.claim, actor=actor, action=Action.NOTE) as act:
        if note.by_id != actor.pk and not roles_of(actor, act.claim) & {Role.EDITOR, Role.ADMIN}:
            raise NotAllowed("Only its author or an editor may strike a note.")
        if NoteStrike.objects.filter(note=note).exists():
            raise IllegalState("This note is struck already.", code="already_struck")
        NoteStrike.objects.create(note=note, by=actor, at=act.at)
        act.data["struck"] = note.pk
    return Note.objects.select_related("strike", "by", "body").get(pk=note.pk)


def _tell_of_note(act: Act, note: Note, body: str) -> None:
    mentioned = list(telling.mentioned_in(act.claim, body))
    followers = telling.followers_of(act.claim).exclude(pk__in=[person.pk for person in mentioned])
    for occasion, people in ((Notice.MENTIONED, mentioned), (Notice.NOTED, followers)):
        telling.tell(
            people, occasion=occasion, claim=act.claim, by=note.by, at=act.at, about={"note": str(note.pk)}
        )
    telling.keep_following(act.claim, [note.by, *mentioned], at=act.at)
