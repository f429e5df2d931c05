"""Classes of phones: every phone of both alphabets has one."""

from collections import Counter

import pytest

from pynn_eprop.data.speech import flite, phn
from pynn_eprop.tasks.speech.phone_classes import PHONE_CLASSES, class_of, in_order


@pytest.mark.parametrize("phones", [flite.PHONES, phn.PHONES])
def test_each_phone_is_in_one_class(phones):
    members = Counter(phone for each in PHONE_CLASSES.values() for phone in each)
    assert {phone: members[phone] for phone in phones} == dict.fromkeys(phones, 1)


def test_no_class_has_a_phone_that_nobody_says():
    known = {*flite.PHONES, *phn.PHONES}
    assert {phone for each in PHONE_CLASSES.values() for phone in each} == known


def test_phones_of_a_class_stand_side_by_side():
    order = [class_of(phn.PHONES[index]) for index in in_order(phn.PHONES)]
    assert sorted(order, key=list(PHONE_CLASSES).index) == order
    assert sorted(in_order(phn.PHONES)) == list(range(61))


def test_phones_of_another_alphabet_come_last():
    assert class_of("click") == "other"
    assert in_order(("click", "s", "aa")) == [2, 1, 0]
