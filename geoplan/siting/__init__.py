"""Where schools must stand: need of places, candidates, the location model, proposals."""
