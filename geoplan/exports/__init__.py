"""Files other programs read: GeoPackage, CSV, GeoJSON, COG."""
