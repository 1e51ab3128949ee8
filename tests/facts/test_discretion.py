"""Names and identity numbers stay out of error texts, wherever they slipped to."""

from __future__ import annotations

from typing import Any

import pytest

from policy_rules import RecordError
from policy_rules.facts.record import read_record

NAME, NUMBER = "欧阳建国", "530113196803120013"


@pytest.mark.parametrize(
    "data",
    [
        {"姓名": NAME},
        {"type": NAME},
        {"type": NUMBER},
        {"size": NAME},
        {"size": int(NUMBER)},
        {"relocated": NAME},
        {"members": NAME},
        {"members": [NAME]},
        {"members": [{"birth_date": NUMBER}]},
        {"members": [{"labour": NAME, "health": [NAME], "户主姓名": NAME}]},
        {"incomes": {2022: {"wage": NUMBER}}},
        {"monitoring": NAME},
        {"as_of": NAME},
        {"kind": NAME},
        {"external": {"p": {"c": NAME}}},
    ],
)
def test_an_error_never_repeats_a_name_or_an_identity_number(data: dict[str, Any]) -> None:
    with pytest.raises(RecordError) as caught:
        read_record(data)
    for lang in ("zh", "en"):
        assert NAME not in caught.value.render(lang)
        assert NUMBER not in caught.value.render(lang)
    assert NAME not in str([p.as_dict() for p in caught.value.problems])


@pytest.mark.parametrize(
    ("data", "repeated"),
    [
        ({"size": "４"}, "４"),
        ({"size": 99}, "99"),
        ({"members": [{"birth_date": "2022年13月"}]}, "2022年13月"),
        ({"type": "脱贫户"}, "脱贫户"),
        ({"incomes": {2022: {"wage": "1.2万"}}}, "1.2万"),
    ],
)
def test_what_is_plainly_a_number_a_date_or_a_misspelt_code_is_shown(data, repeated: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_record(data)
    assert repeated in caught.value.render("zh")
