"""Measures the emulator beside tools with which people fake an API: `make bench-peers`."""
