"""Route safety: levels of segments and crossings, routes, exposure, and what to mend first."""
