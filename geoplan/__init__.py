"""What it means: the analysis, pure apart from store, exports, batch and the command line."""

__version__ = "0.1.0"
