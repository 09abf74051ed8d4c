"""The embedded demo county and the generated one."""
