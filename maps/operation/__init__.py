"""Operation: health, logs, a calm end, backup and restore, a bundle for machines without internet."""
