"""Enrolment: who goes where, exact in millionths of a pupil."""

from geoplan.enrolment.assign import (
    Assignment,
    assign_capacity,
    assign_nearest,
    overload,
    reassign,
    school_load,
    solve,
)
from geoplan.enrolment.problem import MILLION, Options, Problem, add_school, edit, millionths, prepare

__all__ = [
    "MILLION",
    "Assignment",
    "Options",
    "Problem",
    "add_school",
    "assign_capacity",
    "assign_nearest",
    "edit",
    "millionths",
    "overload",
    "prepare",
    "reassign",
    "school_load",
    "solve",
]
