"""The device that made the file beside those of other media said to be by the same person."""

from __future__ import annotations

from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable, OtherMedia
from verification.domain.decoded import Decoded, Device
from verification.domain.findings import Finding

_MOST_SHOWN = 20
_FEWEST_DIGITS = 2
# What stands there where a maker has put in nothing.
_NO_SERIALS = frozenset({"none", "unknown", "n/a", "123456789"})


class SameDevice:
    slug = "same_device"
    title = "The same device"
    version = "2"
    dimensions = (Dimension.SOURCE,)
    media_types = ("image/*", "video/*", "audio/*")
    help = (
        "Compares the maker, model, serial number and lens in a file with those of other media that the same person "
        "is said to have filmed; media of re-posters is left out. A serial number speaks of one camera, a model of "
        "millions. People have several devices, so another one contradicts nothing."
    )
    reads = "Maker, model, lens and the serial numbers of both, here and in other media said to be by the same creator."
    stances = {
        Stance.SUPPORTS: "The same serial number, of camera or lens, stands in other media of the creator.",
        Stance.NEUTRAL: "The same model or another device.",
        Stance.INCONCLUSIVE: "The file or the others name no device.",
    }
    cannot_know = "Who held the camera, and whether somebody wrote the names in."

    def run(self, media: Media, context: Context) -> list[Finding]:
        if context.same_creator is None:
            raise NotApplicable(
                "Nobody is named who filmed this, so there are no other files of theirs to compare."
            )
        facts = media.facts()
        device = facts.device
        if not (device.model or _serial(device)):
            failure = facts.failed("metadata")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            sentence = "The file names no device; many platforms remove that, so nothing follows from it."
            return [Finding(Dimension.SOURCE, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        others = [other for other in context.same_creator if other.device.model or _serial(other.device)]
        data = {"device": _shown(device), "others": [_other(one) for one in others[:_MOST_SHOWN]]}
        data |= {name: facts.read_by(reader) for name, reader in _readers(device) if reader}
        stance, sentence = _judge(facts, others)
        return [Finding(Dimension.SOURCE, stance, sentence, data)]


def _judge(facts: Decoded, others: list[OtherMedia]) -> tuple[Stance, str]:
    device = facts.device
    if not others:
        sentence = (
            "No other file of the same creator that names a device is here, so there is nothing to compare."
        )
        return Stance.INCONCLUSIVE, sentence
    name = _name(device)
    same = [other for other in others if _is_same_camera(device, other.device)]
    if same:
        return Stance.SUPPORTS, (
            f"The serial number of the {name}{_read_by(facts, device.serial_reader)} is the one in {_of(same)} by the "
            "same creator, so one camera made them, unless the tags were written in."
        )
    same_lens = [other for other in others if _is_same_lens(device, other.device)]
    if same_lens:
        return Stance.SUPPORTS, (
            f"The serial number of the lens{_read_by(facts, device.lens_serial_reader)} is the one in {_of(same_lens)} by "
            "the same creator, so one lens made them, unless the tags were written in; lenses are lent more than cameras."
        )
    alike = [other for other in others if _model(other.device) == _model(device) and _model(device)]
    if not alike:
        models = sorted({_name(other.device) for other in others})
        return Stance.NEUTRAL, (
            f"The file names the {name}; other media of the same creator name {' and '.join(models[:3])}. People have "
            "several devices, so that says little."
        )
    if _serial(device) and all(_serial(other.device) for other in alike):
        return Stance.NEUTRAL, (
            f"The file and {_of(alike)} by the same creator name the {name}, but with other serial numbers: two cameras "
            "of one model."
        )
    return Stance.NEUTRAL, (
        f"The file and {_of(alike)} by the same creator both name the {name}; very many people have that model, so it "
        "fits and proves nothing."
    )


def _is_same_camera(one: Device, other: Device) -> bool:
    serial = _serial(one)
    # Makers count their cameras each for themselves: the same number of another model is another camera.
    return serial is not None and serial == _serial(other) and _model(one) == _model(other)


def _is_same_lens(one: Device, other: Device) -> bool:
    serial = _number(one.lens_serial)
    return serial is not None and serial == _number(other.lens_serial) and _maker(one) == _maker(other)


def _serial(device: Device) -> str | None:
    return _number(device.serial)


def _number(serial: str | None) -> str | None:
    bare = (serial or "").strip()
    return None if len(bare.strip("#0 -")) < _FEWEST_DIGITS or bare.lower() in _NO_SERIALS else bare


def _maker(device: Device) -> str:
    return (device.make or "").casefold().partition(" ")[0]


def _readers(device: Device) -> tuple[tuple[str, str | None], ...]:
    return ("serial_reader", device.serial_reader), ("lens_serial_reader", device.lens_serial_reader)


def _read_by(facts: Decoded, reader: str | None) -> str:
    return f", read by {facts.read_by(reader)}," if reader else ""


def _model(device: Device) -> str:
    return (device.model or "").casefold()


def _name(device: Device) -> str:
    make, model = device.make or "", device.model or ""
    if not model:
        return f"{make or 'unnamed'} device"[:80]
    return (model if make.split(" ")[0].casefold() in model.casefold() else f"{make} {model}")[:80]


def _of(others: list[OtherMedia]) -> str:
    claims = list(dict.fromkeys(other.claim for other in others))
    more = len(claims) - 3
    shown = claims[:3] + ([f"{more} more claim{'' if more == 1 else 's'}"] if more > 0 else [])
    media = "a file" if len(others) == 1 else "files"
    return f"{media} of {' and '.join([', '.join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)}"


def _other(other: OtherMedia) -> dict[str, Any]:
    return {"claim": other.claim, "media": other.media, **_shown(other.device)}


def _shown(device: Device) -> dict[str, str | None]:
    return {
        "make": device.make,
        "model": device.model,
        "serial": device.serial,
        "lens": device.lens,
        "lens_serial": device.lens_serial,
    }
