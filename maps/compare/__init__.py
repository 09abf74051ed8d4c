"""Two or more alternatives of a plan side by side: runs, saved scenarios, steps in a link."""
