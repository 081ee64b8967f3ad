"""Measures the emulator against floors: the least work that produces the same answers, on the same machine."""
