"""Addresses in one line, read by the customs of their country."""
