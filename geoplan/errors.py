"""Faults in what was asked, as against faults in the data."""

from __future__ import annotations


class PlanError(ValueError):
    """The request cannot be carried out: unknown stage, missing run, impossible combination."""


class NotFoundError(PlanError):
    """The thing asked for does not exist: a run, a plan, a layer, a profile."""


class NoRoomError(PlanError):
    """What was made cannot be kept: the disk is full, or the folder may not be written to."""
