"""The documentation as pages of the application: read where one works, without a network."""
