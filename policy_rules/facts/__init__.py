"""The fact dictionary and the records it describes.

``rules/vocabulary/facts.yaml`` is the single source of the JSON Schema of a record, the record
types, table columns, the Excel template, Hypothesis strategies and the documentation.
"""

from policy_rules.facts.dictionary import (
    CodeList,
    FactSpec,
    RecordSpec,
    Vocabulary,
    load_vocabulary,
)
from policy_rules.facts.record import Household, Items, Row, read_record

__all__ = [
    "CodeList",
    "FactSpec",
    "Household",
    "Items",
    "RecordSpec",
    "Row",
    "Vocabulary",
    "load_vocabulary",
    "read_record",
]
