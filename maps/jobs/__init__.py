"""Jobs: what takes longer than a page may. Runs, batches, exports and checks, done by a process of their own."""

from maps.jobs.starting import again, cancel, start

__all__ = ["again", "cancel", "start"]
