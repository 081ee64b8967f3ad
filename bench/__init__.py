"""Measures the emulator against floors: the least work that gives the same answers, on the same machine."""
