"""Classes of phones, for tables and figures: those of flite and of TIMIT."""

OTHER = "other"
_CLASSES = {
    "vowel": "iy ih ix eh ae aa ao ah ax ax-h axr er uh uw ux ey ay oy aw ow",
    "semivowel": "l el r w y hh hv",
    "nasal": "m em n en ng eng nx",
    "fricative": "s z sh zh f v th dh",
    "affricate": "ch jh",
    "stop": "b d g p t k dx q",
    "closure": "bcl dcl gcl pcl tcl kcl",
    "silence": "pau epi h#",
}
PHONE_CLASSES: dict[str, tuple[str, ...]] = {
    name: tuple(phones.split()) for name, phones in _CLASSES.items()}
"""Phones by the name of their class, as the documentation of TIMIT groups them."""


def class_of(phone: str) -> str:
    """The name of a phone's class; OTHER for a phone of another alphabet."""
    return next((name for name, phones in PHONE_CLASSES.items() if phone in phones), OTHER)


def in_order(phones: tuple[str, ...]) -> list[int]:
    """Indices of the phones, those of one class beside each other."""
    order = [phone for members in PHONE_CLASSES.values() for phone in members]
    known = {phone: place for place, phone in enumerate(order)}
    return sorted(range(len(phones)), key=lambda index: known.get(phones[index], len(known)))
