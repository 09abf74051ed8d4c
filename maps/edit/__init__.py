"""Settings of a plan as a form: plan.toml read, changed, checked by its reader, saved, earlier versions kept."""
