"""Data in: files are received, looked at, told what they are for, checked, and become a plan once all is read."""
