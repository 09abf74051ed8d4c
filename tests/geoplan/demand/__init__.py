"""Demand of later years."""
