"""The route safety panel: its story, its tables, its map, one element or home by click."""
