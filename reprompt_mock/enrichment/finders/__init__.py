"""Finders: what is found about a place, a function for each attribute."""
