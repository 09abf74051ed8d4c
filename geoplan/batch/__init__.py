"""Many plans at once, and the province they make up; no import here, so that the command line stays quick."""
