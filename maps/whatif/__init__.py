"""Live what-ifs: steps tried on the map, answered as a difference to the run, saved as scenarios, shared by link."""
