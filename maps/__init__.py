"""How we show it: pages, tiles, API."""
