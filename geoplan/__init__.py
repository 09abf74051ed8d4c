"""What it means: the analysis, pure apart from store, exports, batch and the command line."""

from geoplan.kernelcache import use_own_folder

__version__ = "0.1.0"

use_own_folder()  # before numba is imported anywhere
