"""OGC API Features: the tables of runs as collections that QGIS and other programs read by themselves."""
