"""Reasons in words: sentences by code, terms, and figures, in Chinese and English; no web framework needed."""

from geoplan.reasons.care import Note, care_notes
from geoplan.reasons.catalogue import LANGUAGES, codes, placeholders, term, terms
from geoplan.reasons.coverage import (
    account_amounts,
    account_sentences,
    both_ways,
    fullest,
    has_limit,
    headline,
    held_straight,
    places_known,
    rounded,
    rule_sentences,
)
from geoplan.reasons.figures import decimal, known, metres, minutes, people, percent, sentence, share, subject, whole

__all__ = [
    "LANGUAGES",
    "Note",
    "account_amounts",
    "account_sentences",
    "both_ways",
    "care_notes",
    "codes",
    "decimal",
    "fullest",
    "has_limit",
    "headline",
    "held_straight",
    "known",
    "metres",
    "minutes",
    "people",
    "percent",
    "placeholders",
    "places_known",
    "rounded",
    "rule_sentences",
    "sentence",
    "share",
    "subject",
    "term",
    "terms",
    "whole",
]
