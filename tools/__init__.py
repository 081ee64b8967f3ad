"""Tools for maintaining the project; they are not installed."""
