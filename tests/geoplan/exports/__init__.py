"""Documents and map sheets of a run."""
