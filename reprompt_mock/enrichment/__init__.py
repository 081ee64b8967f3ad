"""Derives what the service would have found about a place."""
