"""The siting of a whole plan: from layers and demand by year to decisions, proposals and what stays unmet."""
